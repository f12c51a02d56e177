package web

import (
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// filler is a paragraph of this page's own, in the language of the page.
const filler = `<p>La mairie de Valclair accueille les habitants du lundi au vendredi, au guichet comme au téléphone, pour toutes leurs démarches.</p>`

// barriers are one page for each rule of ours: what stands in <main>, or a whole document. A rule that no page breaks
// proves nothing.
var barriers = map[string]string{
	"sonde-no-main-landmark":          `!<nav><ul><li><a href="/a">Accueil du site</a></li><li><a href="/b">Démarches</a></li></ul></nav><div><h1>Titre</h1>` + filler + `</div>`,
	"sonde-no-content-heading":        `!<nav><ul><li><a href="/a">Accueil du site</a></li><li><a href="/b">Démarches</a></li></ul></nav><div>` + filler + `</div>`,
	"sonde-no-skip-link":              `!<nav><ul><li><a href="/a">Accueil du site</a></li><li><a href="/b">Démarches</a></li></ul></nav><main><h1>Titre</h1>` + filler + `</main>`,
	"sonde-no-bypass":                 `!<nav><ul><li><a href="/a">Accueil du site</a></li><li><a href="/b">Démarches</a></li></ul></nav><div>` + filler + `</div>`,
	"sonde-fake-heading":              `<p style="font-size:28px;font-weight:bold">Horaires d’ouverture</p>` + filler,
	"sonde-heading-long":              `<h2>` + strings.Repeat("Un titre beaucoup trop long pour en être un, ", 6) + `</h2>` + filler,
	"sonde-heading-of-nothing":        filler + `<h3>Premier sous-titre</h3><h2>Deuxième titre</h2>` + filler,
	"sonde-fake-list":                 `<p>- Carte d’identité<br>- Justificatif de domicile<br>- Photographie</p>`,
	"sonde-empty-list":                `<ul></ul>`,
	"sonde-empty-item":                `<ul><li>Un</li><li></li><li>Trois</li></ul>`,
	"sonde-empty-paragraph":           filler + `<p>&nbsp;</p>` + filler,
	"sonde-breaks-for-paragraphs":     `<div>La mairie est ouverte tous les jours de la semaine.<br><br>Elle est fermée le dimanche et les jours fériés.</div>`,
	"sonde-empty-quotation":           `<blockquote style="padding:1em">&nbsp;</blockquote>` + filler,
	"sonde-frames-one-name":           `<iframe title="Plan" srcdoc="<p>La piscine municipale"></iframe><iframe title="Plan" srcdoc="<p>Le stade des Tilleuls"></iframe>`,
	"sonde-accesskey":                 `<p><a href="/a" accesskey="c">Contacter la mairie</a></p>`,
	"sonde-summary-name":              `<details><summary></summary>` + filler + `</details>`,
	"sonde-layout-table":              `<table><tr><td><h2>Gauche</h2><p>Un bloc de texte à gauche.</p></td><td><h2>Droite</h2><p>Un bloc de texte à droite.</p></td></tr></table>`,
	"sonde-layout-table-with-headers": `<table role="presentation"><tr><th>Gauche</th><td>Droite</td></tr><tr><td>Bas</td><td>Bas</td></tr></table>`,
	"sonde-empty-table":               `<table><tr><td></td><td></td></tr></table>`,
	"sonde-table-without-headers":     `<table><tr><td>Jour</td><td>Horaire</td></tr><tr><td>Lundi</td><td>9 h</td></tr><tr><td>Mardi</td><td>10 h</td></tr></table>`,
	"sonde-table-only-headers":        `<table><caption>Jours</caption><tr><th>Lundi</th><th>Mardi</th></tr><tr><th>9 h</th><th>10 h</th></tr></table>`,
	"sonde-irregular-table":           `<table><caption>Tarifs</caption><tr><th>Âge</th><th>Prix</th><th>Jour</th></tr><tr><td>3 ans</td><td>2 €</td></tr><tr><td>6 ans</td><td>3 €</td><td>Lundi</td></tr></table>`,
	"sonde-table-without-caption":     `<table><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td>2 €</td></tr><tr><td>6 ans</td><td>3 €</td></tr></table>`,
	"sonde-empty-caption":             `<table><caption></caption><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td>2 €</td></tr></table>`,
	"sonde-caption-in-cell":           `<table><tr><th colspan="2">Tarifs de la piscine</th></tr><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td>2 €</td></tr></table>`,
	"sonde-header-without-scope":      `<table><caption>Tarifs</caption><tr><th>Âge</th><th>Été</th><th>Hiver</th></tr><tr><th>3 ans</th><td>2 €</td><td>1 €</td></tr><tr><th>6 ans</th><td>3 €</td><td>2 €</td></tr></table>`,
	"sonde-table-blank-cells":         `<table><caption>Tarifs</caption><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td></td></tr><tr><td></td><td></td></tr></table>`,
	"sonde-bold-instead-of-header":    `<table><caption>Tarifs</caption><tr><th>Âge</th><th>Prix</th></tr><tr><td><b>3 ans</b></td><td>2 €</td></tr><tr><td><b>6 ans</b></td><td>3 €</td></tr></table>`,
	"sonde-header-heads-nothing":      `<table><caption>Tarifs</caption><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td>2 €</td></tr><tr><td>Total</td><th>Prix moyen</th></tr></table>`,
	"sonde-link-without-address":      `<p><a onclick="x()">Ouvrir le plan</a></p>`,
	"sonde-link-script":               `<p><a href="javascript:void(0)">Ouvrir le plan</a></p>`,
	"sonde-link-nowhere":              `<p><a href="#">Ouvrir le plan</a></p>`,
	"sonde-link-broken-anchor":        `<p><a href="#nulle-part">Voir les horaires</a></p>`,
	"sonde-link-invalid":              `<p><a href="http:///">Voir les horaires</a></p>`,
	"sonde-title-repeats":             `<p><a href="/a" title="Les horaires">Les horaires</a></p>`,
	"sonde-link-title":                `<p><a href="/a" title="Ouvre une fenêtre">Les horaires</a></p>`,
	"sonde-new-window":                `<p><a href="/a" target="_blank">Les horaires</a></p>`,
	"sonde-file-format":               `<p><a href="/budget.pdf">Le budget</a></p>`,
	"sonde-link-twice":                `<p><a href="/a"><img src="/p.png" alt="Mairie" width="40" height="40"></a> <a href="/a">La mairie</a></p>`,
	"sonde-links-glued":               `<p><a href="/a">Accueil</a><a href="/b">Plan</a></p>`,
	"sonde-link-vague":                `<p><a href="/a">Cliquez ici</a></p>`,
	"sonde-link-vague-alone":          `<p>Pour connaître les horaires de la piscine municipale, <a href="/a">cliquez ici</a>.</p>`,
	"sonde-links-one-name":            `<p><a href="/piscine?n=1">Nos équipements</a> et <a href="/piscine?n=2">Nos équipements</a></p>`,
	"sonde-links-one-name-alone":      `<p>La piscine : <a href="/piscine?n=1">Voir les horaires</a></p><p>Le stade : <a href="/piscine?n=2">Voir les horaires</a></p>`,
	"sonde-spacer-image":              `<p><img src="/spacer.gif" alt="" width="40" height="10">` + filler,
	"sonde-alt-vague":                 `<p><img src="/p.png" alt="image" width="80" height="80"></p>`,
	"sonde-alt-long":                  `<p><img src="/p.png" alt="` + strings.Repeat("Une description très longue de la photographie. ", 6) + `" width="80" height="80"></p>`,
	"sonde-alt-repeats":               `<p><img src="/p.png" alt="Le marché du samedi matin" width="80" height="80"> Le marché du samedi matin</p>`,
	"sonde-decorative-named":          `<p><img src="/p.png" alt="" title="La mairie" width="80" height="80"></p>`,
	"sonde-figure-without-alt":        `<figure><img src="/p.png" alt="" width="300" height="200"><figcaption>Le plan du centre</figcaption></figure>`,
	"sonde-maybe-informative":         `<p><img src="/p.png" alt="" width="300" height="200"></p>`,
	"sonde-canvas-without-text":       `<canvas width="200" height="100"></canvas>`,
	"sonde-svg-without-role":          `<p><svg width="60" height="60"><circle cx="30" cy="30" r="25"/></svg></p>`,
	"sonde-object-without-text":       `<object data="/p.png" type="image/png" width="80" height="80"></object>`,
	"sonde-background-image":          `<div style="width:120px;height:60px;background-image:url(/p.png)"></div>`,
	"sonde-endless-animation":         `<style>@keyframes g{from{transform:translateX(0)}to{transform:translateX(80px)}}</style><div style="width:120px;animation:g 1s infinite alternate">Nouvelle offre à saisir</div>`,
	"sonde-video-without-captions":    `<video src="/film.mp4" controls width="200"></video>`,
	"sonde-video-without-transcript":  `<video src="/film.mp4" controls width="200"></video>`,
	"sonde-media-without-controls":    `<video src="/film.mp4" width="200" height="100"></video>`,
	"sonde-audio-without-transcript":  `<audio src="/son.wav" controls></audio>`,
	"sonde-plays-sound":               `<audio src="/son.wav" autoplay controls></audio>`,
	"sonde-plays-without-control":     `<audio src="/son.wav" autoplay></audio>`,
	"sonde-placeholder-label":         `<form action="/s"><input placeholder="Votre rue" name="rue"><button>Envoyer la demande</button></form>`,
	"sonde-title-label":               `<form action="/s"><input title="Numéro de dossier" name="d"><button>Envoyer la demande</button></form>`,
	"sonde-same-label":                `<form action="/s"><label>Date <input name="a"></label><label>Date <input name="b"></label><button>Envoyer la demande</button></form>`,
	"sonde-label-far":                 `<form action="/s"><label for="z" style="position:absolute;left:0;top:200px">Dossier</label><input id="z" style="position:absolute;left:700px;top:200px" name="z"><button>Envoyer la demande</button></form>`,
	"sonde-label-hidden":              `<form action="/s"><label for="z" style="position:absolute;left:-9999px">Numéro de dossier</label><input id="z" name="z"><button>Envoyer la demande</button></form>`,
	"sonde-label-orphan":              `<form action="/s"><label for="absent">Numéro de dossier</label><input name="z" aria-label="Numéro de dossier"><button>Envoyer la demande</button></form>`,
	"sonde-label-vague":               `<form action="/s"><label>Champ <input name="z"></label><button>Envoyer la demande</button></form>`,
	"sonde-legend-vague":              `<form action="/s"><fieldset><legend>Form</legend><label>Numéro de dossier <input name="z"></label></fieldset><button>Envoyer la demande</button></form>`,
	"sonde-button-vague":              `<form action="/s"><label>Numéro de dossier <input name="z"></label><button>Cliquez ici</button></form>`,
	"sonde-select-navigates":          `<label>Langue <select onchange="location.href=this.value"><option value="/fr">Français</option><option value="/en">Anglais</option></select></label>`,
	"sonde-focus-navigates":           `<label>Code <input onblur="location.href='/x'"></label>`,
	"sonde-group-without-fieldset":    `<form action="/s"><p>Votre genre</p><label><input type="radio" name="g" value="f"> Femme</label><label><input type="radio" name="g" value="h"> Homme</label><button>Envoyer la demande</button></form>`,
	"sonde-fieldset-without-legend":   `<form action="/s"><fieldset><label>Numéro de dossier <input name="z"></label></fieldset><button>Envoyer la demande</button></form>`,
	"sonde-group-without-name":        `<div role="group"><label><input type="radio" name="g" value="f"> Femme</label><label><input type="radio" name="g" value="h"> Homme</label></div>`,
	"sonde-form-without-submit":       `<form action="/s"><label>Numéro de dossier <input name="z"></label><label>Code reçu <input name="y"></label></form>`,
	"sonde-field-behind-submit":       `<form action="/s"><label>Numéro de dossier <input name="z"></label><button>Envoyer la demande</button><label>Code reçu <input name="y"></label></form>`,
	"sonde-required-not-said":         `<form action="/s"><label>Numéro de dossier <input name="z" required></label><label>Code reçu <input name="y"></label><button>Envoyer la demande</button></form>`,
	"sonde-asterisk-not-explained":    `<form action="/s"><label>Numéro de dossier * <input name="z" required></label><button>Envoyer la demande</button></form>`,
	"sonde-autocomplete-missing":      `<form action="/s"><label>Adresse électronique <input name="mel" type="email"></label><button>Envoyer la demande</button></form>`,
	"sonde-error-hidden":              `<form action="/s"><p class="error" aria-hidden="true">Veuillez saisir un numéro de dossier valide.</p><label>Numéro de dossier <input name="z"></label><button>Envoyer la demande</button></form>`,
	"sonde-error-vague":               `<form action="/s"><p class="error">Veuillez remplir tous les champs.</p><label>Numéro de dossier <input name="z"></label><label>Code reçu <input name="y"></label><button>Envoyer la demande</button></form>`,
	"sonde-heading-before-rank":       `!<main><h3>Nouveau cette semaine</h3><p>Le guichet ouvre le samedi.</p><h1>Accueil des habitants</h1>` + filler + `</main>`,
	"sonde-presentation":              `<center><font color="#003366">Coupure d’eau jeudi</font></center>` + filler,
	"sonde-spaced-letters":            `<p>M A I R I E</p>` + filler,
	"sonde-blanks-for-columns":        `<p>Adultes &nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; 4,50 €<br>Enfants &nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; 2,80 €<br>Groupes &nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; 3,10 €</p>`,
	"sonde-columns-in-pre":            "<pre>\nLundi      9 h    12 h\nMardi      10 h   13 h\nMercredi   9 h    11 h\n</pre>",
	"sonde-table-of-blocks":           `<style>.t{display:table}.t>div{display:table-row}.t span{display:table-cell;padding:4px}</style><div class="t"><div><span>Rue</span><span>Date</span></div><div><span>Lilas</span><span>3 mai</span></div><div><span>Roses</span><span>4 mai</span></div></div>`,
	"sonde-optgroup-without-label":    `<form action="/s"><label>Bibliothèque <select name="b"><optgroup><option>Centre</option><option>Gare</option></optgroup></select></label><button>Envoyer la demande</button></form>`,
	"sonde-paste-refused":             `<form action="/s"><label>Mot de passe <input type="password" name="m" autocomplete="current-password" onpaste="return false"></label><button>Envoyer la demande</button></form>`,
	"sonde-paste-refused-address":     `<form action="/s"><label>Confirmez votre courriel <input type="email" name="m" autocomplete="email" id="m"></label><button>Envoyer la demande</button></form><script>m.addEventListener("paste",e=>e.preventDefault())</script>`,
	"sonde-timed-reload":              filler + `<script>setTimeout(function(){location.reload()},600000)</script>`,
	"sonde-fake-control":              `<div onclick="x()">Ouvrir le plan</div>`,
	"sonde-control-without-role":      `<div onclick="x()" onkeydown="x()" tabindex="0">Ouvrir le plan</div>`,
	"sonde-needless-focus":            `<p tabindex="0">Un simple paragraphe de texte.</p>`,
	"sonde-tiny-text":                 `<p style="font-size:7px">Un texte écrit beaucoup trop petit.</p>`,
	"sonde-justified-text":            `<div style="text-align:justify">` + filler + `</div>`,
	"sonde-long-lines":                `!<main style="width:1300px"><h1>Titre</h1><p style="font-size:12px">` + strings.Repeat("La mairie accueille les habitants au guichet. ", 20) + `</p></main>`,
	"sonde-tight-lines":               `<p style="line-height:1;width:200px">` + strings.Repeat("La mairie accueille les habitants. ", 8) + `</p>`,
	"sonde-long-italics":              `<p style="font-style:italic">` + strings.Repeat("La mairie accueille les habitants au guichet. ", 8) + `</p>`,
	"sonde-long-capitals":             `<p>LA MAIRIE DE VALCLAIR ACCUEILLE LES HABITANTS DU LUNDI AU VENDREDI POUR TOUTES LEURS DÉMARCHES AU GUICHET</p>`,
	"sonde-long-bold":                 `<p style="font-weight:bold">` + strings.Repeat("La mairie accueille les habitants au guichet. ", 8) + `</p>`,
	"sonde-underlined-text":           `<p>Le dossier est <u>à rendre avant vendredi</u> au guichet.</p>`,
	"sonde-css-content":               `<style>.o::after{content:"Offre réservée aux habitants"}</style><p class="o">Piscine municipale</p>`,
	"sonde-hidden-from-readers":       `<p aria-hidden="true">Le guichet sera fermé vendredi toute la journée.</p>` + filler,
	"sonde-title-only":                `<p>Le <span title="Plan local d’urbanisme intercommunal">PLUi</span> est consultable.</p>`,
	"sonde-title-vague":               `=<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Untitled document</title></head><body><main><h1>Titre</h1>` + filler + `</main></body></html>`,
	"sonde-heading-vague":             `<h2>Titre</h2>` + filler,
	"sonde-frame-vague":               `<iframe title="iframe" srcdoc="<p>Plan"></iframe>`,
	"sonde-caption-vague":             `<table><caption>Tableau</caption><tr><th>Âge</th><th>Prix</th></tr><tr><td>3 ans</td><td>2 €</td></tr></table>`,
	"sonde-page-language":             `=<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mairie de Valclair, accueil</title></head><body><main><h1>Bienvenue</h1>` + filler + filler + `</main></body></html>`,
	"sonde-part-language":             filler + `<p>Welcome to our town. The tourist office is open every day of the week during the summer, and the staff will be happy to help you with all of your questions.</p>`,
	"sonde-part-language-wrong":       filler + `<p lang="de">Welcome to our town. The tourist office is open every day of the week during the summer and the staff will be happy to help you.</p>`,
	"sonde-direction":                 `<p lang="ar">أهلا وسهلا بكم في مدينتنا الجميلة طوال فصل الصيف</p>`,
	"sonde-sensory":                   `<p>Pour continuer, cliquez sur le bouton vert.</p><button type="button">Suite de la demande</button>`,
	"sonde-ascii-art":                 `<p>=====&gt;&gt;&gt;&gt;&gt;====&lt;&lt;&lt;&lt;====</p>`,
	"sonde-no-viewport":               `=<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Mairie de Valclair</title></head><body><main><h1>Titre</h1>` + filler + `</main></body></html>`,
	"sonde-aria-prohibited":           `<p aria-label="Autre chose">Un paragraphe de texte.</p>`,
	"sonde-expanded-untrue":           `<button type="button" aria-expanded="false" aria-controls="v">Voir le menu</button><div id="v">Un contenu déjà ouvert.</div>`,
	"sonde-focus-invisible":           `<style>a:focus{outline:none}</style><p><a href="/a">Les horaires de la piscine</a></p>`,
	"sonde-focus-on-hidden":           `<p><a href="/a" style="position:absolute;left:-9999px">Les horaires de la piscine</a></p>` + filler,
	"sonde-focus-order":               `<form action="/s" style="display:flex;flex-direction:column-reverse"><label>Code reçu <input name="y"></label><label>Numéro de dossier <input name="z"></label><label>Nom du dossier <input name="w"></label><button>Envoyer la demande</button></form>`,
	"sonde-unreachable":               `<button type="button" tabindex="-1">Ouvrir le plan</button>`,
	"sonde-keyboard-trap":             `<p><a href="/a">Avant le piège</a></p><label>Code <input id="t"></label><p><a href="/b">Après le piège</a></p><script>t.addEventListener("keydown",e=>{if(e.key==="Tab")e.preventDefault()})</script>`,
	"sonde-keyboard-loop":             `<p><a href="/a">Avant</a></p><p><button type="button" id="m">Un</button><button type="button" id="n">Deux</button></p><p><a href="/b">Après</a></p><script>n.addEventListener("keydown",e=>{if(e.key==="Tab"&&!e.shiftKey){e.preventDefault();m.focus()}})</script>`,
	"sonde-mouse-only":                `<span id="s" style="cursor:pointer">Ouvrir le plan</span><script>s.addEventListener("click",()=>s.textContent="Plan ouvert")</script>`,
	"sonde-key-does-nothing":          `<div id="s" tabindex="0" role="button">Ouvrir le plan</div><p id="p"></p><script>s.addEventListener("click",()=>p.textContent="Plan ouvert")</script>`,
	"sonde-space-does-nothing":        `<div id="s" tabindex="0" role="button">Ouvrir le plan</div><p id="p"></p><script>s.onclick=()=>p.textContent+="Plan ";s.onkeydown=e=>{if(e.key==="Enter")s.click()}</script>`,
	"sonde-control-unnamed-role":      `<div id="s" tabindex="0" style="cursor:pointer">Ouvrir le plan</div><p id="p"></p><script>s.addEventListener("click",()=>p.textContent+="Plan ");s.addEventListener("keydown",()=>p.textContent+="Plan ")</script>`,
	"sonde-hover-only":                `<style>.m ul{display:none}.m:hover ul{display:block}</style><ul><li class="m"><a href="/a">Services de la ville</a><ul><li><a href="/b">Crèches</a></li><li><a href="/c">Écoles</a></li></ul></li></ul>`,
	"sonde-dialog-focus":              `<button type="button" onclick="d.style.display='block'">Voir les conditions</button><div id="d" class="modal" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" onclick="d.style.display='none'">Fermer</button></div>`,
	"sonde-dialog-leaves":             `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" role="dialog" aria-modal="true" aria-label="Conditions" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" id="f" onclick="d.style.display='none'">Fermer</button></div><p><a href="/a">Les horaires</a></p>`,
	"sonde-dialog-escape":             `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" role="dialog" aria-modal="true" aria-label="Conditions" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" id="f" onclick="d.style.display='none'">Fermer</button></div>`,
	"sonde-dialog-close":              `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" role="dialog" aria-modal="true" aria-label="Conditions" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès <a href="/a" id="f">Détail des conditions</a></p><span class="close" onclick="d.style.display='none'">×</span></div>`,
	"sonde-dialog-return":             `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" role="dialog" aria-modal="true" aria-label="Conditions" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" id="f" onclick="d.style.display='none'">Fermer</button></div>`,
	"sonde-character-shortcut":        filler + `<p id="p">Rien</p><script>document.addEventListener("keydown",e=>{if(e.key==="s")p.textContent+="Recherche "})</script>`,
	"sonde-reflow":                    `<div style="width:900px;background:#eee">` + filler + `</div>`,
	"sonde-zoom-cuts":                 `<div style="height:40px;overflow:hidden;width:100%"><p>` + strings.Repeat("La mairie accueille les habitants au guichet. ", 3) + `</p></div>`,
	"sonde-spacing-cuts":              `<div style="height:24px;line-height:24px;width:340px;overflow:hidden;font:16px/24px sans-serif">La mairie accueille les habitants au guichet.</div>`,
	"sonde-error-not-identified":      `<form action="/s" novalidate onsubmit="e.textContent='Une erreur est survenue, le formulaire est invalide.';return false"><p id="e"></p><label>Numéro de dossier <input name="z"></label><label>Code reçu <input name="y"></label><button>Envoyer la demande</button></form>`,
	"sonde-error-not-linked":          `<form action="/s" novalidate onsubmit="e.textContent='Le champ numéro de dossier est obligatoire.';return false"><p id="e"></p><label>Numéro de dossier <input name="z"></label><label>Code reçu <input name="y"></label><button>Envoyer la demande</button></form>`,
	"sonde-focus-dropped":             `<p><a href="/a" onfocus="this.blur()">Les horaires de la piscine</a> et <a href="/b">les tarifs de la piscine</a>.</p>`,
	"sonde-focus-weak":                `<style>a:focus{outline:2px solid #fdf7d0}</style><p><a href="/a">Les horaires de la piscine</a></p>`,
	"sonde-focus-covered":             `<style>body::after{content:"";display:block;height:0}#b{position:fixed;left:0;right:0;bottom:0;height:500px;background:#eee}</style><div style="height:900px">` + filler + `</div><p><a href="/a">Les horaires de la piscine</a></p><div id="b"><p>La mairie ferme à midi.</p></div>`,
	"sonde-state-contrast":            `<style>a:hover{color:#ddd}</style><p><a href="/a">Les horaires de la piscine</a></p>`,
	"sonde-field-contrast":            `<style>input{border:1px solid #eee;background:#fff;padding:4px}</style><form action="/s"><label>Numéro de dossier <input name="z"></label><button>Envoyer la demande</button></form>`,
	"sonde-icon-contrast":             `<button type="button" aria-label="Imprimer la page"><svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8" fill="#ccc"/></svg></button><style>button{background:#fff;border:0}</style>`,
	"sonde-state-missing":             `<h2><button type="button" onclick="d.hidden=!d.hidden">Pièces à fournir</button></h2><div id="d" hidden>` + filler + `</div>`,
	"sonde-state-stuck":               `<h2><button type="button" aria-expanded="false" onclick="d.hidden=!d.hidden">Pièces à fournir</button></h2><div id="d" hidden>` + filler + `</div>`,
	"sonde-dialog-role":               `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" class="modal" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" id="f" onclick="d.style.display='none'">Fermer</button></div>`,
	"sonde-dialog-name":               `<button type="button" onclick="d.style.display='block';f.focus()">Voir les conditions</button><div id="d" role="dialog" aria-modal="true" style="display:none;position:fixed;top:50px;left:50px;width:600px;height:300px;background:#fff"><p>Conditions d’accès</p><button type="button" id="f" onclick="d.style.display='none'">Fermer</button></div>`,
	"sonde-tabs-arrows":               `<div role="tablist" aria-label="Horaires"><button type="button" role="tab" id="u" aria-selected="true" aria-controls="p">Semaine</button><button type="button" role="tab" aria-selected="false" tabindex="-1" aria-controls="p">Vacances</button></div><div role="tabpanel" id="p" aria-labelledby="u" tabindex="0">` + filler + `</div>`,
	"sonde-input-acts":                `<form action="/s"><label>Code reçu <input name="y" maxlength="3" oninput="if(this.value.length==3)z.focus()"></label><label>Numéro de dossier <input id="z" name="z"></label><button>Envoyer la demande</button></form>`,
	"sonde-suggestions-silent":        `<form action="/s"><label>Rue <input name="y" id="y" autocomplete="off"></label><div id="l" hidden><div>Rue du Moulin</div><div>Rue du Marché</div></div><button>Trouver la rue</button></form><script>y.addEventListener("input",()=>l.hidden=!y.value)</script>`,
	"sonde-moves-by-script":           `<div id="s"><h2>Fête de la fontaine</h2>` + filler + `</div><div id="q" hidden><h2>Marché de Noël</h2>` + filler + `</div><script>setInterval(()=>{s.hidden=!s.hidden;q.hidden=!s.hidden},1500)</script>`,
	"sonde-narrow-cuts":               `<style>@media (max-width:400px){.b{height:40px;overflow:hidden}}</style><div class="b"><p>` + strings.Repeat("La mairie accueille les habitants au guichet. ", 3) + `</p></div>`,
	"sonde-overlap":                   `<style>.o{position:relative;height:8rem}.o p{position:absolute;top:0;width:260px;margin:0}</style><div class="o"><p style="left:0">La mairie accueille les habitants au guichet.</p><p style="right:0">La piscine ouvre pendant les vacances.</p></div>`,
	"sonde-error-by-colour":           `<form action="/s" novalidate onsubmit="z.style.borderColor=y.style.borderColor='#d00';return false"><p>Tous les champs sont obligatoires.</p><label>Numéro de dossier <input id="z" name="z"></label><label>Code reçu <input id="y" name="y"></label><button>Envoyer la demande</button></form>`,
	"sonde-animated-picture":          `<p><img src="/bouge.gif" alt="Bannière de la fête" width="60" height="60"></p>`,
	"sonde-flashes":                   `<p><img src="/clignote.gif" alt="Bannière de la fête" width="60" height="60"></p>`,
	"sonde-no-doctype":                `=<html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mairie de Valclair</title></head><body><main><h1>Titre</h1>` + filler + `</main></body></html>`,
	"sonde-duplicate-attribute":       filler + `<p class="chapeau" class="gras">Le guichet sera fermé vendredi toute la journée.</p>`,
	"sonde-unclosed-element":          filler + `<div><span>Le guichet sera fermé vendredi toute la journée.</div>`,
	"sonde-stray-end-tag":             filler + `<div>Le guichet sera fermé vendredi toute la journée.</div></span>`,
	"sonde-misnested":                 filler + `<p><b>Le guichet sera <i>fermé vendredi</b> toute la journée.</i></p>`,
	"sonde-interactive-nesting":       filler + `<p><a href="/a">Les horaires <button type="button">de la piscine</button></a></p>`,
}

// unmade are the rules for which no page can be made here, and why.
var unmade = map[string]string{
	"sonde-one-way":                   "a site breaks it, not a page: TestSitewide",
	"sonde-site-map-somewhere":        "a site breaks it, not a page: TestSitewide",
	"sonde-search-somewhere":          "a site breaks it, not a page: TestSitewide",
	"sonde-menu-order":                "a site breaks it, not a page: TestSitewide",
	"sonde-frameset":                  "a frameset has no body, so that nothing else runs on it",
	"sonde-moves-without-control":     "needs a film without sound; the ACT cases have some",
	"sonde-silent-video-without-text": "needs a film without sound; the ACT cases have some",
}

func TestEveryRuleFinds(t *testing.T) {
	needBrowser(t)
	for _, r := range Rules() {
		if _, ok := barriers[r.ID]; !ok && unmade[r.ID] == "" {
			t.Errorf("no page breaks %s", r.ID)
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(serveBarrier))
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	work := make(chan string)
	seen := &coverage{outcomes: map[string]finding.Outcome{}}
	var group sync.WaitGroup
	for range browser.Tabs() {
		group.Go(func() {
			home, _ := url.Parse(srv.URL)
			s, err := a.open(t.Context(), home, func(Line, *visit) error { return nil })
			if err != nil {
				t.Error(err)
				for range work { //nolint:revive // the other side must not hang
				}
				return
			}
			defer s.close()
			seen.axe(t, s)
			for rule := range work {
				v, err := s.next(t.Context(), sample.Pick{URL: srv.URL + "/barrier/" + rule})
				if err != nil {
					t.Errorf("%s: %v", rule, err)
					continue
				}
				seen.add(v.findings)
				if !slices.ContainsFunc(v.findings, func(f finding.Finding) bool { return f.Rule == rule }) {
					var found []string
					for _, f := range v.findings {
						found = append(found, f.Rule)
					}
					t.Errorf("%s was not found; %s %s; found: %s", rule, v.line.Result, v.line.Reason, strings.Join(found, " "))
				}
			}
		})
	}
	for rule := range barriers {
		work <- rule
	}
	close(work)
	group.Wait()
	seen.compare(t)
}

// serveBarrier serves the page of a rule, and what the pages need.
func serveBarrier(w http.ResponseWriter, r *http.Request) {
	switch rule, page := strings.CutPrefix(r.URL.Path, "/barrier/"); {
	case page:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body := barriers[rule]
		switch {
		case strings.HasPrefix(body, "="):
			fmt.Fprint(w, body[1:])
		case strings.HasPrefix(body, "!"):
			fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mairie de Valclair</title></head><body>%s</body></html>`, body[1:])
		default:
			fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mairie de Valclair</title></head><body><main><h1>Accueil des habitants</h1>%s</main></body></html>`, body)
		}
	case strings.HasSuffix(r.URL.Path, ".gif"):
		_ = gif.EncodeAll(w, moving(r.URL.Path == "/clignote.gif"))
	case strings.HasSuffix(r.URL.Path, ".wav"):
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = w.Write(silence(6))
	case strings.HasSuffix(r.URL.Path, ".png"):
		w.Header().Set("Content-Type", "image/png")
		data, _ := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNgGAWjYBSMAggAAAQQAAFVN1rQAAAAAElFTkSuQmCC")
		_, _ = w.Write(data)
	case strings.HasPrefix(r.URL.Path, "/piscine"):
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>x</title><main><p>Page %s", r.URL.RawQuery)
	default:
		http.NotFound(w, r)
	}
}

// moving is a picture of two frames without end; flash makes it go from black to white ten times a second.
func moving(flash bool) *gif.GIF {
	frame := func(c color.Color) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{c})
		return p
	}
	if flash {
		return &gif.GIF{Image: []*image.Paletted{frame(color.Black), frame(color.White), frame(color.Black), frame(color.White), frame(color.Black), frame(color.White), frame(color.Black), frame(color.White), frame(color.Black), frame(color.White)},
			Delay: []int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}}
	}
	return &gif.GIF{Image: []*image.Paletted{frame(color.Gray{0x80}), frame(color.Gray{0x88})}, Delay: []int{100, 100}}
}

// silence is a WAV file of so many seconds.
func silence(seconds int) []byte {
	const rate = 8000
	n := uint32(seconds * rate)
	le := func(v uint32) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }
	head := append([]byte("RIFF"), le(36+n)...)
	head = append(head, []byte("WAVEfmt ")...)
	head = append(head, le(16)...)
	head = append(head, 1, 0, 1, 0)
	head = append(head, le(rate)...)
	head = append(head, le(rate)...)
	head = append(head, 1, 0, 8, 0)
	head = append(append(head, []byte("data")...), le(n)...)
	return append(head, slices.Repeat([]byte{0x80}, int(n))...)
}

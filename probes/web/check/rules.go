package check

import "github.com/sonde-fleet/sonde/probes/web/finding"

var r = finding.Own

const (
	minor    = finding.Minor
	moderate = finding.Moderate
	serious  = finding.Serious
	critical = finding.Critical
)

// structure are the rules on landmarks, headings, lists, tables and frames.
var structure = []finding.Rule{
	r("no-main-landmark", moderate, "w1.3.1 r12.6 r9.2 ab40fd1", "The page repeats blocks and marks no main region", "La page répète des blocs et ne délimite pas de zone principale",
		"put the page's own content into <main>", "placer le contenu propre à la page dans <main>"),
	r("no-content-heading", moderate, "w1.3.1 r9.1 a047fe0", "The page's own content has no heading that is both seen and read out", "Le contenu propre à la page n'a aucun titre à la fois visible et restitué",
		"begin the content with a heading", "commencer le contenu par un titre"),
	r("no-skip-link", moderate, "w2.4.1 r12.7 aye5d6e", "Nothing leads past what every page repeats to the content", "Aucun lien ne permet d'éviter les blocs répétés pour atteindre le contenu",
		"make the first link of the page lead to the content", "faire du premier lien de la page un lien d'accès rapide au contenu"),
	r("no-bypass", serious, "w2.4.1 r12.7 acf77f2", "There is no way past the repeated blocks: no heading, no main region, no skip link", "Rien ne permet d'éviter les blocs répétés : ni titre, ni zone principale, ni lien d'évitement",
		"add a skip link, a main region and headings", "ajouter un lien d'évitement, une zone principale et des titres"),
	r("fake-heading", moderate, "w1.3.1 r9.1", "A text looks like a heading and is not marked up as one", "Un texte a l'apparence d'un titre sans en avoir le balisage",
		"use a heading element of the right level", "utiliser un élément de titre du bon niveau"),
	r("heading-before-rank", moderate, "w1.3.1 r9.1", "The content begins with a heading of a lower rank than the one that follows", "Le contenu commence par un titre de rang inférieur à celui qui suit",
		"begin with the highest rank", "commencer par le titre de plus haut rang"),
	r("heading-long", minor, "w2.4.6 r9.1", "A heading is as long as a paragraph", "Un titre est aussi long qu'un paragraphe", "shorten the heading, put the rest into a paragraph", "raccourcir le titre et mettre le reste dans un paragraphe"),
	r("heading-of-nothing", minor, "w1.3.1 r9.1", "A heading has no content behind it", "Un titre n'introduit aucun contenu", "use headings for what introduces content only", "réserver les titres à ce qui introduit un contenu"),
	r("fake-list", moderate, "w1.3.1 r9.3", "Lines that begin with bullets or numbers are not marked up as a list", "Des lignes à puces ou numérotées ne sont pas balisées comme une liste",
		"use <ul> or <ol>", "utiliser <ul> ou <ol>"),
	r("empty-list", minor, "w1.3.1 r9.3", "A list has no item", "Une liste ne contient aucun élément", "remove the list", "supprimer la liste"),
	r("empty-item", minor, "w1.3.1 r9.3", "A list item is empty", "Un élément de liste est vide", "remove the item", "supprimer l'élément"),
	r("empty-paragraph", minor, "r8.9", "An empty paragraph makes a gap", "Un paragraphe vide sert à l'espacement", "use a margin in the style sheet", "utiliser une marge dans la feuille de styles"),
	r("breaks-for-paragraphs", minor, "r8.9", "Line breaks take the place of paragraphs", "Des sauts de ligne tiennent lieu de paragraphes", "use paragraphs", "utiliser des paragraphes"),
	r("empty-quotation", minor, "r9.4", "A quotation is empty or an indentation", "Une citation est vide ou sert de retrait", "remove it", "la supprimer"),
	r("frames-one-name", moderate, "w4.1.2 r2.2 a4b1c6c", "Frames of one name hold different contents", "Des cadres de même nom ont des contenus différents", "give each frame a title of its own", "donner à chaque cadre un titre propre"),
	r("frameset", serious, "r2.1", "The page is made of old frames", "La page est construite avec d'anciens cadres (frameset)", "replace the frames", "remplacer les cadres"),
	r("accesskey", minor, "w2.1.4 r12.10", "A keyboard shortcut of the page may hide one of the reader's tools", "Un raccourci clavier de la page peut masquer ceux des aides techniques",
		"remove the accesskey", "retirer l'accesskey"),
	r("summary-name", serious, "w4.1.2 r7.1 a2t702h", "A control that opens details has no name", "Un contrôle qui déplie un contenu n'a pas de nom", "put text into <summary>", "mettre un texte dans <summary>"),
	r("layout-table", moderate, "w1.3.1 r5.3 r8.9", "A table lays out the page and is read out as data", "Un tableau de mise en forme est restitué comme un tableau de données",
		"lay out with style sheets, or add role=presentation", "mettre en page par CSS, ou ajouter role=presentation"),
	r("layout-table-with-headers", moderate, "w1.3.1 r5.8", "A layout table has what belongs to data tables", "Un tableau de mise en forme contient des éléments propres aux tableaux de données",
		"remove headers, caption and scope, or the role", "retirer en-têtes, légende et scope, ou bien le rôle"),
	r("empty-table", minor, "r8.9", "A table is empty", "Un tableau est vide", "remove the table", "supprimer le tableau"),
	r("table-without-headers", serious, "w1.3.1 r5.6", "A data table has no header cell", "Un tableau de données n'a aucune cellule d'en-tête", "mark header cells up with <th>", "baliser les en-têtes avec <th>"),
	r("table-only-headers", moderate, "w1.3.1 r5.6", "Every cell of a table is a header", "Toutes les cellules d'un tableau sont des en-têtes", "use <td> for data", "utiliser <td> pour les données"),
	r("irregular-table", moderate, "w1.3.1 r5.7", "The rows of a table do not have the same number of columns", "Les lignes d'un tableau n'ont pas le même nombre de colonnes", "complete the rows, or correct colspan and rowspan", "compléter les lignes ou corriger colspan et rowspan"),
	r("table-without-caption", minor, "w1.3.1 r5.4", "A data table has no caption", "Un tableau de données n'a pas de légende", "give it a <caption>", "lui donner un <caption>"),
	r("empty-caption", minor, "w1.3.1 r5.4", "The caption of a table is empty", "La légende d'un tableau est vide", "write the caption", "rédiger la légende"),
	r("caption-in-cell", minor, "w1.3.1 r5.4", "The title of a table is a cell of it", "Le titre d'un tableau est une de ses cellules", "use <caption>", "utiliser <caption>"),
	r("header-without-scope", minor, "w1.3.1 r5.7", "Header cells of a table with two ways of heading do not say what they head", "Des en-têtes d'un tableau à double entrée n'indiquent pas leur portée",
		"add scope, or id and headers", "ajouter scope, ou id et headers"),
	r("table-blank-cells", minor, "w1.3.1 r5.7", "Many cells of a table are blank", "De nombreuses cellules d'un tableau sont vides", "say what is missing", "indiquer ce qui manque"),
	r("bold-instead-of-header", moderate, "w1.3.1 r5.6", "Bold cells take the place of row headers", "Des cellules en gras tiennent lieu d'en-têtes de ligne", "use <th scope=row>", "utiliser <th scope=row>"),
	r("table-of-blocks", moderate, "w1.3.1 r5.6", "Data that stand in rows and columns are not marked up as a table", "Des données en lignes et en colonnes ne sont pas balisées comme un tableau", "use <table>", "utiliser <table>"),
	r("columns-in-pre", moderate, "w1.3.1 r10.1", "Columns in preformatted text are no table", "Des colonnes de texte préformaté tiennent lieu de tableau", "use <table>", "utiliser <table>"),
	r("header-heads-nothing", moderate, "w1.3.1 r5.7 ad0f69e", "A header cell has no cell to head", "Une cellule d'en-tête n'est associée à aucune cellule", "make it a data cell, or correct the table", "en faire une cellule de données, ou corriger le tableau"),
}

// links are the rules on links and their texts.
var links = []finding.Rule{
	r("link-without-address", serious, "w2.1.1 r7.3", "A link cannot be reached by the keyboard: it has no address", "Un lien sans adresse n'est pas atteignable au clavier", "add href, or use a button", "ajouter href, ou utiliser un bouton"),
	r("link-script", moderate, "w4.1.2 r7.1", "A link runs a script instead of leading somewhere", "Un lien exécute un script au lieu de mener quelque part", "use a button", "utiliser un bouton"),
	r("link-nowhere", moderate, "w4.1.2 r7.1", "A link leads nowhere", "Un lien ne mène nulle part", "give it an address, or use a button", "lui donner une adresse, ou utiliser un bouton"),
	r("link-broken-anchor", moderate, "r12.7", "A link leads to a place that is not on the page", "Un lien mène à une ancre absente de la page", "correct the anchor", "corriger l'ancre"),
	r("link-invalid", serious, "", "The address of a link is not valid", "L'adresse d'un lien n'est pas valide", "correct the address", "corriger l'adresse"),
	r("title-repeats", minor, "r6.1", "The title of a link repeats its text", "Le titre d'un lien répète son intitulé", "remove the title", "retirer le titre"),
	r("link-title", minor, "w2.5.3 r6.1", "The title of a link does not hold its text", "Le titre d'un lien ne reprend pas son intitulé", "begin the title with the link's text", "commencer le titre par l'intitulé du lien"),
	r("new-window", minor, "w3.2.5", "A link opens a new window and does not say so", "Un lien ouvre une nouvelle fenêtre sans l'annoncer", "say it in the link", "l'indiquer dans le lien"),
	r("file-format", minor, "", "A link to a file does not say format and size", "Un lien vers un fichier n'indique ni format ni poids", "add them: (PDF, 1.2 MB)", "les ajouter : (PDF, 1,2 Mo)"),
	r("link-twice", minor, "w1.1.1 r1.3", "A picture and a text beside each other are two links to one address", "Une image et un texte voisins sont deux liens vers la même adresse", "join them into one link", "les réunir en un seul lien"),
	r("links-glued", minor, "", "Two links follow each other without anything between", "Deux liens se suivent sans séparation", "separate them", "les séparer"),
	r("link-vague", serious, "w2.4.4 r6.1 a5effbb", "The text of a link says nothing, and neither does its sentence", "L'intitulé d'un lien n'est pas explicite, ni son contexte", "say where the link leads", "indiquer où mène le lien"),
	r("link-vague-alone", minor, "w2.4.9 aaizyf1", "The text of a link says nothing by itself", "L'intitulé d'un lien n'est pas explicite hors contexte", "say where the link leads", "indiquer où mène le lien"),
	r("links-one-name", moderate, "w2.4.4 r6.1 afd3a94", "Links of one name, in one context, lead to different pages", "Des liens de même intitulé et de même contexte mènent à des pages différentes", "name each link after its page", "nommer chaque lien d'après sa page"),
	r("links-one-name-alone", minor, "w2.4.9 ab20e66", "Links of one name lead to different pages", "Des liens de même intitulé mènent à des pages différentes", "name each link after its page", "nommer chaque lien d'après sa page"),
}

// pictures are the rules on images, sound and film.
var pictures = []finding.Rule{
	r("spacer-image", minor, "r8.9", "An invisible picture makes a gap", "Une image invisible sert à l'espacement", "use a margin", "utiliser une marge"),
	r("alt-vague", serious, "w1.1.1 r1.3 aqt1vmo", "The alternative of a picture says nothing", "L'alternative d'une image n'est pas pertinente", "say what the picture tells", "dire ce qu'apporte l'image"),
	r("alt-long", minor, "w1.1.1 r1.3", "The alternative of a picture is very long", "L'alternative d'une image est très longue", "shorten it, and describe the picture in the page", "la raccourcir et décrire l'image dans la page"),
	r("alt-repeats", minor, "w1.1.1 r1.3", "The alternative of a picture repeats the text beside it", "L'alternative d'une image répète le texte voisin", "leave it empty, or say what the text does not", "la laisser vide, ou dire ce que le texte ne dit pas"),
	r("decorative-named", moderate, "w1.1.1 r1.2", "A picture is declared decorative and has a title or a label", "Une image déclarée décorative porte un titre ou une étiquette", "remove one or the other", "retirer l'un ou l'autre"),
	r("figure-without-alt", moderate, "w1.1.1 r1.9 r1.1", "A picture with a caption has an empty alternative", "Une image légendée a une alternative vide", "say what the picture tells", "dire ce qu'apporte l'image"),
	r("maybe-informative", minor, "w1.1.1 r1.2", "A large picture is declared decorative", "Une grande image est déclarée décorative", "check whether it tells something", "vérifier qu'elle n'apporte pas d'information"),
	r("canvas-without-text", moderate, "w1.1.1 r1.1", "A drawing has no alternative", "Un dessin (canvas) n'a pas d'alternative", "give it role=img and a label", "lui donner role=img et une étiquette"),
	r("svg-without-role", moderate, "w1.1.1 r1.1 r1.2", "A vector picture is neither named nor declared decorative", "Une image vectorielle n'est ni nommée ni déclarée décorative", "role=img and a label, or aria-hidden=true", "role=img et une étiquette, ou aria-hidden=true"),
	r("object-without-text", serious, "w1.1.1 r1.1", "An embedded object has no alternative", "Un objet embarqué n'a pas d'alternative", "give it a label or a text", "lui donner une étiquette ou un texte"),
	r("background-image", moderate, "w1.1.1 r10.2", "A background picture may say something that has no text", "Une image de fond peut porter une information sans texte", "check, and use <img alt>", "vérifier, et utiliser <img alt>"),
	r("plays-sound", serious, "w1.4.2 r4.10 aaaa1bf", "Sound begins by itself and lasts more than 3 seconds", "Un son se lance seul pendant plus de 3 secondes", "let the reader start it", "laisser l'usager le lancer"),
	r("plays-without-control", serious, "w1.4.2 r4.10 a4c31df a80f0bf", "What plays by itself cannot be stopped", "Ce qui se lance seul ne peut être arrêté", "show controls", "afficher des commandes"),
	r("moves-without-control", serious, "w2.2.2 r13.8 r4.11", "A film that moves by itself cannot be stopped", "Une vidéo lancée seule ne peut être arrêtée", "show controls", "afficher des commandes"),
	r("endless-animation", moderate, "w2.2.2 r13.8", "Something moves without end and cannot be stopped", "Un contenu bouge sans fin et ne peut être arrêté", "stop it after 5 seconds, or offer a pause", "l'arrêter après 5 secondes, ou offrir une pause"),
	r("video-without-captions", serious, "w1.2.2 r4.3", "A film with sound has no caption", "Une vidéo sonore n'a pas de sous-titres", "add captions", "ajouter des sous-titres"),
	r("audio-without-transcript", serious, "w1.2.1 r4.1 ae7aa44 a2eb176 aafb423", "A recording has no transcript beside it", "Un enregistrement n'a pas de transcription à proximité", "add a transcript", "ajouter une transcription"),
	r("silent-video-without-text", serious, "w1.2.1 r4.1 ac3232f ad7ba54 afd26cf", "A film without sound has no text beside it", "Une vidéo sans son n'a pas de texte à proximité", "describe it in the page", "la décrire dans la page"),
	r("video-without-transcript", minor, "w1.2.8 a1a02b0 aee13b5 aab4d13", "A film has no transcript beside it", "Une vidéo n'a pas de transcription à proximité", "add a transcript", "ajouter une transcription"),
	r("media-without-controls", serious, "w2.1.1 r4.11", "A film or a recording has no controls", "Un média n'a pas de commandes", "show controls", "afficher des commandes"),
}

// Rules lists the rules of this package.
func Rules() []finding.Rule {
	return append(append(append(append([]finding.Rule{}, structure...), links...), pictures...), textual...)
}

package interact

import "github.com/sonde-fleet/sonde/probes/web/finding"

// rules are those of this package.
var rules = []finding.Rule{
	rule("focus-invisible", finding.Serious, "w2.4.7 r10.7 aoj04fd", "Nothing shows where the keyboard's focus is", "La prise de focus n'est pas visible",
		"show an outline on :focus-visible", "afficher un contour sur :focus-visible"),
	rule("focus-dropped", finding.Critical, "w2.1.1 w2.4.7 r10.7", "A control lets the keyboard's focus fall as soon as it has it", "Un contrôle perd le focus dès qu'il le reçoit",
		"do not take the focus away by script", "ne pas retirer le focus par script"),
	rule("suggestions-silent", finding.Serious, "w4.1.2 w4.1.3 r7.1", "Suggestions come up under a field, and nothing says so to who cannot see them", "Des suggestions apparaissent sous un champ sans être restituées",
		"use the combobox pattern, or a datalist", "utiliser le motif combobox, ou une datalist"),
	rule("focus-weak", finding.Moderate, "w1.4.11 r10.7", "The ring that shows the keyboard's focus is hardly to be seen", "L'indication de la prise de focus est trop peu contrastée",
		"give the outline a contrast of at least 3:1", "donner au contour un contraste d'au moins 3:1"),
	rule("focus-covered", finding.Serious, "w2.4.11", "What has the keyboard's focus lies under a bar that stays in its place", "L'élément qui a le focus est caché par une barre fixe",
		"leave room for the bar with scroll-padding", "réserver la place de la barre avec scroll-padding"),
	rule("state-contrast", finding.Serious, "w1.4.3 r3.2", "A text loses its contrast when it has the focus or the mouse rests on it", "Un texte perd son contraste à la prise de focus ou au survol",
		"choose the colours of that state with a contrast of at least 4.5:1", "choisir pour cet état des couleurs contrastées d'au moins 4,5:1"),
	rule("field-contrast", finding.Moderate, "w1.4.11 r3.3", "Nothing but a faint line shows where a field is", "Les limites d'un champ sont trop peu contrastées",
		"give its border or its ground a contrast of at least 3:1", "donner à sa bordure ou à son fond un contraste d'au moins 3:1"),
	rule("icon-contrast", finding.Moderate, "w1.4.11 r3.3", "A drawing that alone says what a control does is too pale", "L'icône qui seule désigne un contrôle est trop peu contrastée",
		"give it a contrast of at least 3:1", "lui donner un contraste d'au moins 3:1"),
	rule("state-missing", finding.Serious, "w4.1.2 r7.1", "A control opens and closes something and does not say its state", "Un contrôle déplie un contenu sans indiquer son état",
		"set aria-expanded", "renseigner aria-expanded"),
	rule("state-stuck", finding.Serious, "w4.1.2 r7.1", "The state that a control tells does not follow what it opens and closes", "L'état annoncé par un contrôle ne suit pas ce qu'il déplie",
		"change aria-expanded with the content", "mettre aria-expanded à jour avec le contenu"),
	rule("dialog-role", finding.Serious, "w4.1.2 r7.1", "A dialog is not marked up as one", "Une fenêtre modale n'a pas de rôle dialog", "use <dialog>, or role=dialog and aria-modal", "utiliser <dialog>, ou role=dialog et aria-modal"),
	rule("dialog-name", finding.Serious, "w4.1.2 r7.1", "A dialog has no name", "Une fenêtre modale n'a pas de nom", "name it with aria-labelledby", "la nommer par aria-labelledby"),
	rule("tabs-arrows", finding.Serious, "w2.1.1 r7.3", "The keyboard does not reach the other tabs of a list of tabs", "Le clavier n'atteint pas les autres onglets",
		"move between tabs with the arrow keys", "permettre de passer d'un onglet à l'autre avec les flèches"),
	rule("input-acts", finding.Serious, "w3.2.2 r7.4", "Typing into a field moves the focus or leads away", "La saisie dans un champ déplace le focus ou change de page",
		"wait until the person goes on", "attendre une action explicite"),
	rule("paste-refused", finding.Serious, "w3.3.8", "Nothing can be pasted into the field of a password or a code", "Coller est interdit dans un champ de mot de passe ou de code", "let the reader and his password manager paste", "laisser coller l'usager et son gestionnaire de mots de passe"),
	rule("paste-refused-address", finding.Minor, "", "Nothing can be pasted into the field of an e-mail address", "Coller est interdit dans un champ d'adresse électronique", "let the reader paste", "laisser coller"),
	rule("moves-by-script", finding.Serious, "w2.2.2 r13.8", "Something goes on moving by itself and offers nothing to stop it", "Un contenu défile ou change seul sans pouvoir être arrêté",
		"offer a button that stops it", "proposer un bouton pour l'arrêter"),
	rule("focus-on-hidden", finding.Serious, "w2.4.3 w2.4.7 r12.8", "The keyboard stops at something that cannot be seen", "Le clavier s'arrête sur un élément invisible",
		"take it out of the tab order while it is hidden", "le retirer de l'ordre de tabulation tant qu'il est masqué"),
	rule("focus-order", finding.Moderate, "w2.4.3 r12.8", "The keyboard moves against the order that the eyes see", "L'ordre de tabulation contredit l'ordre visuel",
		"put the elements into the source in the order of reading", "placer les éléments dans l'ordre de lecture"),
	rule("unreachable", finding.Critical, "w2.1.1 r7.3", "The keyboard does not reach a control", "Le clavier n'atteint pas un contrôle", "let tab reach it", "le rendre atteignable par tabulation"),
	rule("keyboard-trap", finding.Critical, "w2.1.2 r12.9 a80af7b aa1b64e aebe86a", "The keyboard cannot leave a control", "Le clavier ne peut quitter un contrôle", "let tab and shift+tab move on", "laisser tab et maj+tab poursuivre"),
	rule("keyboard-loop", finding.Serious, "w2.1.2 r12.9", "The tab key goes round in a part of the page", "La tabulation tourne dans une partie de la page", "let tab move on", "laisser tab poursuivre"),
	rule("mouse-only", finding.Critical, "w2.1.1 r7.3", "Something reacts to the mouse and cannot be reached by the keyboard", "Un élément réagit à la souris et n'est pas atteignable au clavier",
		"use a button or a link", "utiliser un bouton ou un lien"),
	rule("key-does-nothing", finding.Critical, "w2.1.1 r7.3", "A control answers to the mouse and not to the keyboard", "Un contrôle répond à la souris et non au clavier", "use a button, or handle Enter and Space", "utiliser un bouton, ou gérer Entrée et Espace"),
	rule("space-does-nothing", finding.Serious, "w2.1.1 r7.3", "A button answers to Enter and not to Space", "Un bouton répond à Entrée et non à Espace", "use <button>, or handle Space", "utiliser <button>, ou gérer Espace"),
	rule("control-unnamed-role", finding.Serious, "w4.1.2 r7.1", "A control does not say what it is", "Un contrôle n'indique pas sa nature", "use a button or a link", "utiliser un bouton ou un lien"),
	rule("hover-only", finding.Serious, "w2.1.1 w1.4.13 r7.3 r10.13", "What the mouse brings up by resting stays shut to the keyboard", "Un contenu qui apparaît au survol reste inaccessible au clavier",
		"show it at focus too, or by a button", "l'afficher aussi à la prise de focus, ou par un bouton"),
	rule("dialog-focus", finding.Serious, "w2.4.3 r7.1", "A dialog opens and does not take the focus", "Une fenêtre modale s'ouvre sans recevoir le focus", "move the focus into it", "y déplacer le focus"),
	rule("dialog-leaves", finding.Serious, "w2.4.3 r7.1", "The tab key leaves an open dialog for the page behind it", "La tabulation sort d'une fenêtre modale ouverte", "keep the focus in the dialog", "garder le focus dans la fenêtre"),
	rule("dialog-escape", finding.Moderate, "r7.1", "Escape does not close a dialog", "Échap ne ferme pas une fenêtre modale", "close it at Escape", "la fermer avec Échap"),
	rule("dialog-close", finding.Serious, "w2.1.1 r7.3", "The keyboard does not reach what closes a dialog", "Le clavier n'atteint pas la fermeture d'une fenêtre modale", "use a button", "utiliser un bouton"),
	rule("dialog-return", finding.Moderate, "w2.4.3 r12.8", "The focus is lost when a dialog closes", "Le focus est perdu à la fermeture d'une fenêtre modale", "give it back to what opened the dialog", "le rendre à l'élément déclencheur"),
	rule("character-shortcut", finding.Moderate, "w2.1.4 r12.10 affbc54", "A single character is a shortcut that cannot be switched off", "Un caractère seul est un raccourci non désactivable", "add a modifier key, or a way to switch it off", "ajouter une touche de modification, ou permettre de le désactiver"),
	rule("reflow", finding.Serious, "w1.4.10 r10.11", "In a window of 320 pixels one must scroll sideways", "Dans une fenêtre de 320 pixels il faut défiler horizontalement", "let it flow", "laisser le contenu s'adapter"),
	rule("narrow-cuts", finding.Serious, "w1.4.10 r10.11", "In a window of 320 pixels text is cut off", "Dans une fenêtre de 320 pixels un texte est tronqué",
		"let the box grow", "laisser la boîte grandir"),
	rule("overlap", finding.Serious, "w1.4.10 r10.11", "In a window of 320 pixels texts lie upon each other", "Dans une fenêtre de 320 pixels des textes se superposent",
		"let the blocks flow one below the other", "laisser les blocs se suivre"),
	rule("zoom-cuts", finding.Serious, "w1.4.4 r10.4 a59br37", "Text is cut off at a zoom of 200 %", "Un texte est tronqué à 200 % de zoom", "let the box grow", "laisser le bloc s'agrandir"),
	rule("spacing-cuts", finding.Serious, "w1.4.12 r10.12", "Text is cut off when it is spaced out", "Un texte est tronqué quand on l'espace", "let the box grow", "laisser le bloc s'agrandir"),
	rule("error-not-identified", finding.Serious, "w3.3.1 r11.10 a36b590", "A message says that something is wrong and not what", "Un message signale une erreur sans désigner le champ", "name the field and the error", "nommer le champ et l'erreur"),
	rule("error-by-colour", finding.Serious, "w3.3.1 w1.4.1 r11.10 r3.1", "Wrong fields are told by their colour alone", "Les champs en erreur ne sont signalés que par la couleur",
		"say what is wrong in words, beside the field", "dire l'erreur par un texte, près du champ"),
	rule("error-not-linked", finding.Moderate, "w3.3.1 w1.3.1 r11.10", "An error is not linked to its field", "Une erreur n'est pas liée à son champ", "use aria-describedby and aria-invalid", "utiliser aria-describedby et aria-invalid"),
	rule("animated-picture", finding.Serious, "w2.2.2 r13.8", "A picture moves for more than 5 seconds and cannot be stopped", "Une image bouge plus de 5 secondes et ne peut être arrêtée", "use a still picture, or a film with controls", "utiliser une image fixe, ou une vidéo avec commandes"),
	rule("flashes", finding.Critical, "w2.3.1 r13.7", "Something flashes more than three times a second", "Un contenu clignote plus de trois fois par seconde", "remove it", "la retirer"),
}

var rule = finding.Own

var byID = func() map[string]*finding.Rule {
	m := map[string]*finding.Rule{}
	for i := range rules {
		m[rules[i].ID] = &rules[i]
	}
	return m
}()

// Rules lists the rules of this package.
func Rules() []finding.Rule { return rules }

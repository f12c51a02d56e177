package interact

import "github.com/sonde-fleet/sonde/probes/web/finding"

// rules are those of this package.
var rules = []finding.Rule{
	rule("focus-invisible", finding.Serious, []string{"WCAG22:2.4.7", "RGAA4.1:10.7"}, []string{"oj04fd"}, "Nothing shows where the keyboard's focus is", "La prise de focus n'est pas visible",
		"show an outline on :focus-visible", "afficher un contour sur :focus-visible"),
	rule("focus-dropped", finding.Critical, []string{"WCAG22:2.1.1", "WCAG22:2.4.7", "RGAA4.1:10.7"}, nil, "A control lets the keyboard's focus fall as soon as it has it", "Un contrôle perd le focus dès qu'il le reçoit",
		"do not take the focus away by script", "ne pas retirer le focus par script"),
	rule("suggestions-silent", finding.Serious, []string{"WCAG22:4.1.2", "WCAG22:4.1.3", "RGAA4.1:7.1"}, nil, "Suggestions come up under a field, and nothing says so to who cannot see them", "Des suggestions apparaissent sous un champ sans être restituées",
		"use the combobox pattern, or a datalist", "utiliser le motif combobox, ou une datalist"),
	rule("focus-weak", finding.Moderate, []string{"WCAG22:1.4.11", "RGAA4.1:10.7"}, nil, "The ring that shows the keyboard's focus is hardly to be seen", "L'indication de la prise de focus est trop peu contrastée",
		"give the outline a contrast of at least 3:1", "donner au contour un contraste d'au moins 3:1"),
	rule("focus-covered", finding.Serious, []string{"WCAG22:2.4.11"}, nil, "What has the keyboard's focus lies under a bar that stays in its place", "L'élément qui a le focus est caché par une barre fixe",
		"leave room for the bar with scroll-padding", "réserver la place de la barre avec scroll-padding"),
	rule("state-contrast", finding.Serious, []string{"WCAG22:1.4.3", "RGAA4.1:3.2"}, nil, "A text loses its contrast when it has the focus or the mouse rests on it", "Un texte perd son contraste à la prise de focus ou au survol",
		"choose the colours of that state with a contrast of at least 4.5:1", "choisir pour cet état des couleurs contrastées d'au moins 4,5:1"),
	rule("field-contrast", finding.Moderate, []string{"WCAG22:1.4.11", "RGAA4.1:3.3"}, nil, "Nothing but a faint line shows where a field is", "Les limites d'un champ sont trop peu contrastées",
		"give its border or its ground a contrast of at least 3:1", "donner à sa bordure ou à son fond un contraste d'au moins 3:1"),
	rule("state-missing", finding.Serious, []string{"WCAG22:4.1.2", "RGAA4.1:7.1"}, nil, "A control opens and closes something and does not say its state", "Un contrôle déplie un contenu sans indiquer son état",
		"set aria-expanded", "renseigner aria-expanded"),
	rule("state-stuck", finding.Serious, []string{"WCAG22:4.1.2", "RGAA4.1:7.1"}, nil, "The state that a control tells does not follow what it opens and closes", "L'état annoncé par un contrôle ne suit pas ce qu'il déplie",
		"change aria-expanded with the content", "mettre aria-expanded à jour avec le contenu"),
	rule("dialog-role", finding.Serious, []string{"WCAG22:4.1.2", "RGAA4.1:7.1"}, nil, "A dialog is not marked up as one", "Une fenêtre modale n'a pas de rôle dialog", "use <dialog>, or role=dialog and aria-modal", "utiliser <dialog>, ou role=dialog et aria-modal"),
	rule("dialog-name", finding.Serious, []string{"WCAG22:4.1.2", "RGAA4.1:7.1"}, nil, "A dialog has no name", "Une fenêtre modale n'a pas de nom", "name it with aria-labelledby", "la nommer par aria-labelledby"),
	rule("tabs-arrows", finding.Serious, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "The keyboard does not reach the other tabs of a list of tabs", "Le clavier n'atteint pas les autres onglets",
		"move between tabs with the arrow keys", "permettre de passer d'un onglet à l'autre avec les flèches"),
	rule("input-acts", finding.Serious, []string{"WCAG22:3.2.2", "RGAA4.1:7.4"}, nil, "Typing into a field moves the focus or leads away", "La saisie dans un champ déplace le focus ou change de page",
		"wait until the person goes on", "attendre une action explicite"),
	rule("moves-by-script", finding.Serious, []string{"WCAG22:2.2.2", "RGAA4.1:13.8"}, nil, "Something goes on moving by itself and offers nothing to stop it", "Un contenu défile ou change seul sans pouvoir être arrêté",
		"offer a button that stops it", "proposer un bouton pour l'arrêter"),
	rule("focus-on-hidden", finding.Serious, []string{"WCAG22:2.4.3", "WCAG22:2.4.7", "RGAA4.1:12.8"}, nil, "The keyboard stops at something that cannot be seen", "Le clavier s'arrête sur un élément invisible",
		"take it out of the tab order while it is hidden", "le retirer de l'ordre de tabulation tant qu'il est masqué"),
	rule("focus-order", finding.Moderate, []string{"WCAG22:2.4.3", "RGAA4.1:12.8"}, nil, "The keyboard moves against the order that the eyes see", "L'ordre de tabulation contredit l'ordre visuel",
		"put the elements into the source in the order of reading", "placer les éléments dans l'ordre de lecture"),
	rule("unreachable", finding.Critical, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "The keyboard does not reach a control", "Le clavier n'atteint pas un contrôle", "let tab reach it", "le rendre atteignable par tabulation"),
	rule("keyboard-trap", finding.Critical, []string{"WCAG22:2.1.2", "RGAA4.1:12.9"}, []string{"80af7b", "a1b64e", "ebe86a"}, "The keyboard cannot leave a control", "Le clavier ne peut quitter un contrôle", "let tab and shift+tab move on", "laisser tab et maj+tab poursuivre"),
	rule("keyboard-loop", finding.Serious, []string{"WCAG22:2.1.2", "RGAA4.1:12.9"}, nil, "The tab key goes round in a part of the page", "La tabulation tourne dans une partie de la page", "let tab move on", "laisser tab poursuivre"),
	rule("mouse-only", finding.Critical, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "Something reacts to the mouse and cannot be reached by the keyboard", "Un élément réagit à la souris et n'est pas atteignable au clavier",
		"use a button or a link", "utiliser un bouton ou un lien"),
	rule("key-does-nothing", finding.Critical, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "A control answers to the mouse and not to the keyboard", "Un contrôle répond à la souris et non au clavier", "use a button, or handle Enter and Space", "utiliser un bouton, ou gérer Entrée et Espace"),
	rule("space-does-nothing", finding.Serious, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "A button answers to Enter and not to Space", "Un bouton répond à Entrée et non à Espace", "use <button>, or handle Space", "utiliser <button>, ou gérer Espace"),
	rule("control-unnamed-role", finding.Serious, []string{"WCAG22:4.1.2", "RGAA4.1:7.1"}, nil, "A control does not say what it is", "Un contrôle n'indique pas sa nature", "use a button or a link", "utiliser un bouton ou un lien"),
	rule("hover-only", finding.Serious, []string{"WCAG22:2.1.1", "WCAG22:1.4.13", "RGAA4.1:7.3", "RGAA4.1:10.13"}, nil, "What the mouse brings up by resting stays shut to the keyboard", "Un contenu qui apparaît au survol reste inaccessible au clavier",
		"show it at focus too, or by a button", "l'afficher aussi à la prise de focus, ou par un bouton"),
	rule("dialog-focus", finding.Serious, []string{"WCAG22:2.4.3", "RGAA4.1:7.1"}, nil, "A dialog opens and does not take the focus", "Une fenêtre modale s'ouvre sans recevoir le focus", "move the focus into it", "y déplacer le focus"),
	rule("dialog-leaves", finding.Serious, []string{"WCAG22:2.4.3", "RGAA4.1:7.1"}, nil, "The tab key leaves an open dialog for the page behind it", "La tabulation sort d'une fenêtre modale ouverte", "keep the focus in the dialog", "garder le focus dans la fenêtre"),
	rule("dialog-escape", finding.Moderate, []string{"RGAA4.1:7.1"}, nil, "Escape does not close a dialog", "Échap ne ferme pas une fenêtre modale", "close it at Escape", "la fermer avec Échap"),
	rule("dialog-close", finding.Serious, []string{"WCAG22:2.1.1", "RGAA4.1:7.3"}, nil, "The keyboard does not reach what closes a dialog", "Le clavier n'atteint pas la fermeture d'une fenêtre modale", "use a button", "utiliser un bouton"),
	rule("dialog-return", finding.Moderate, []string{"WCAG22:2.4.3", "RGAA4.1:12.8"}, nil, "The focus is lost when a dialog closes", "Le focus est perdu à la fermeture d'une fenêtre modale", "give it back to what opened the dialog", "le rendre à l'élément déclencheur"),
	rule("character-shortcut", finding.Moderate, []string{"WCAG22:2.1.4", "RGAA4.1:12.10"}, []string{"ffbc54"}, "A single character is a shortcut that cannot be switched off", "Un caractère seul est un raccourci non désactivable", "add a modifier key, or a way to switch it off", "ajouter une touche de modification, ou permettre de le désactiver"),
	rule("reflow", finding.Serious, []string{"WCAG22:1.4.10", "RGAA4.1:10.11"}, nil, "In a window of 320 pixels one must scroll sideways", "Dans une fenêtre de 320 pixels il faut défiler horizontalement", "let it flow", "laisser le contenu s'adapter"),
	rule("narrow-cuts", finding.Serious, []string{"WCAG22:1.4.10", "RGAA4.1:10.11"}, nil, "In a window of 320 pixels text is cut off", "Dans une fenêtre de 320 pixels un texte est tronqué",
		"let the box grow", "laisser la boîte grandir"),
	rule("overlap", finding.Serious, []string{"WCAG22:1.4.10", "RGAA4.1:10.11"}, nil, "In a window of 320 pixels texts lie upon each other", "Dans une fenêtre de 320 pixels des textes se superposent",
		"let the blocks flow one below the other", "laisser les blocs se suivre"),
	rule("zoom-cuts", finding.Serious, []string{"WCAG22:1.4.4", "RGAA4.1:10.4"}, []string{"59br37"}, "Text is cut off at a zoom of 200 %", "Un texte est tronqué à 200 % de zoom", "let the box grow", "laisser le bloc s'agrandir"),
	rule("spacing-cuts", finding.Serious, []string{"WCAG22:1.4.12", "RGAA4.1:10.12"}, nil, "Text is cut off when it is spaced out", "Un texte est tronqué quand on l'espace", "let the box grow", "laisser le bloc s'agrandir"),
	rule("error-not-identified", finding.Serious, []string{"WCAG22:3.3.1", "RGAA4.1:11.10"}, []string{"36b590"}, "A message says that something is wrong and not what", "Un message signale une erreur sans désigner le champ", "name the field and the error", "nommer le champ et l'erreur"),
	rule("error-by-colour", finding.Serious, []string{"WCAG22:3.3.1", "WCAG22:1.4.1", "RGAA4.1:11.10", "RGAA4.1:3.1"}, nil, "Wrong fields are told by their colour alone", "Les champs en erreur ne sont signalés que par la couleur",
		"say what is wrong in words, beside the field", "dire l'erreur par un texte, près du champ"),
	rule("error-not-linked", finding.Moderate, []string{"WCAG22:3.3.1", "WCAG22:1.3.1", "RGAA4.1:11.10"}, nil, "An error is not linked to its field", "Une erreur n'est pas liée à son champ", "use aria-describedby and aria-invalid", "utiliser aria-describedby et aria-invalid"),
	rule("animated-picture", finding.Serious, []string{"WCAG22:2.2.2", "RGAA4.1:13.8"}, nil, "A picture moves for more than 5 seconds and cannot be stopped", "Une image bouge plus de 5 secondes et ne peut être arrêtée", "use a still picture, or a film with controls", "utiliser une image fixe, ou une vidéo avec commandes"),
	rule("flashes", finding.Critical, []string{"WCAG22:2.3.1", "RGAA4.1:13.7"}, nil, "A picture flashes more than three times a second", "Une image clignote plus de trois fois par seconde", "remove it", "la retirer"),
}

func rule(id string, impact finding.Impact, criteria, act []string, en, fr, mendEN, mendFR string) finding.Rule {
	return finding.Rule{ID: "sonde-" + id, Impact: impact, Criteria: criteria, ACT: act, Title: finding.Text{EN: en, FR: fr}, Mend: finding.Text{EN: mendEN, FR: mendFR}}
}

var byID = func() map[string]*finding.Rule {
	m := map[string]*finding.Rule{}
	for i := range rules {
		m[rules[i].ID] = &rules[i]
	}
	return m
}()

// Rules lists the rules of this package.
func Rules() []finding.Rule { return rules }

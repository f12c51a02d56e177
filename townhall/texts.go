package townhall

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// The texts are our own, written in the manner of French town halls.

func ackText(structure string, r *rand.Rand) string {
	return pick(r,
		"Madame, Monsieur,\n\nNous accusons réception de votre message et vous remercions de l'intérêt que vous portez à nos services.\n"+
			"Votre demande a été enregistrée et sera traitée dans les meilleurs délais par le service compétent.\n\n"+
			"Ceci est un message automatique, merci de ne pas y répondre.\n",
		"Bonjour,\n\nVotre courriel a bien été reçu. Il a été transmis au service concerné qui vous répondra dans un délai de quinze jours.\n"+
			"Ce message est généré automatiquement.\n\nL'équipe de l'accueil\n",
		"Madame, Monsieur,\n\nVotre message a bien été enregistré le jour de son envoi sous le numéro 2026-1873. Une réponse vous sera adressée prochainement.\n"+
			"Merci de ne pas répondre à ce courriel automatique.\n",
	) + "\n" + structure
}

func absenceText(r *rand.Rand) string {
	return pick(r,
		"Bonjour,\n\nJe suis absente du bureau jusqu'au lundi 16 inclus, sans accès à ma messagerie.\n"+
			"En cas d'urgence, vous pouvez contacter l'accueil de la mairie.\n\nCordialement,\nSophie Lambert\n",
		"Bonjour,\n\nActuellement en congés, je prendrai connaissance de votre message à mon retour le 24.\n"+
			"Pour toute demande urgente, merci de vous adresser au secrétariat.\n\nBien cordialement\n",
		"Je suis en déplacement cette semaine et ne consulterai pas ma messagerie. Je vous répondrai dès mon retour.\n",
	)
}

// humanText is what an agent writes.
func humanText(l *letter, s Step, r *rand.Rand) string {
	var b strings.Builder
	_, family, _ := strings.Cut(l.name, " ")
	b.WriteString(pick(r, "Bonjour,", "Madame, Monsieur,", "Bonjour Madame "+family+",", "Madame "+family+",") + "\n\n")
	b.WriteString(pick(r, "Suite à votre message, ", "En réponse à votre demande, ", "Pour faire suite à votre courriel, "))
	switch s.Answer {
	case probes.AnswerTransferred:
		b.WriteString(pick(r, "je transmets votre demande au service compétent, qui reviendra vers vous.\n",
			"votre demande a été transmise à ma collègue du service état civil, qui vous répondra directement.\n"))
	case probes.AnswerAsksMore:
		b.WriteString(pick(r, "pourriez-vous nous préciser votre adresse et la date souhaitée afin que nous puissions traiter votre demande ?\n",
			"pouvez-vous nous indiquer votre date de naissance et le quartier concerné ? Sans ces précisions nous ne pouvons pas vous répondre.\n"))
	case probes.AnswerRefers:
		b.WriteString(pick(r, "je vous invite à appeler le 01 99 00 12 34 aux heures d'ouverture, nous ne traitons pas ces demandes par courriel.\n",
			"vous devez vous adresser à la préfecture, seule compétente pour cette démarche.\n"))
	default:
		b.WriteString(pick(r,
			"je vous confirme que le service vous reçoit sans rendez-vous du lundi au vendredi de 9h à 12h et de 14h à 17h.\n"+
				"Il convient de vous munir d'une pièce d'identité et d'un justificatif de domicile de moins de trois mois.\n",
			"l'inscription se fait en mairie ou en ligne ; le dossier comprend un justificatif de domicile, le livret de famille et les vaccins.\n"+
				"Le tarif est calculé selon le quotient familial, entre 1,20 € et 4,60 € par repas.\n",
			"le délai est de trois semaines environ. La démarche est gratuite et se fait sur rendez-vous, que vous pouvez prendre dès à présent.\n"))
	}
	b.WriteString("\n" + pick(r, "Cordialement,", "Bien cordialement,",
		"Je vous prie d'agréer, Madame, Monsieur, l'expression de mes salutations distinguées.", "Bonne journée,") + "\n\n")
	b.WriteString(pick(r, "Nathalie Perrin", "Karim Benali", "Julie Moreau") + "\n" +
		pick(r, "Service accueil et citoyenneté", "Service état civil", "Direction de la relation aux usagers") + "\n" + s.Name +
		"\nTél. 01 99 00 4" + fmt.Sprint(r.IntN(10)) + " 17\n")
	if r.IntN(3) > 0 {
		b.WriteString("\nLe " + l.date + ", " + l.name + " <" + l.from + "> a écrit :\n")
		for line := range strings.Lines(strings.ReplaceAll(l.text, "\r", "")) {
			b.WriteString("> " + line)
		}
	}
	return b.String()
}

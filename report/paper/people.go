package paper

import "strings"

// Folded words that tell people from offices and places. They need not be complete: where they fail, too much is masked.
var (
	titles = set(`m mr mme mlle madame monsieur mademoiselle mrs ms miss dr docteur maitre me herr frau mevrouw dhr sr sra`)
	// words inside a name that need no capital
	particles = set(`de du des la le les d l van von der den di da del dos du ten ter zu della el ben et`)
	functions = set(`maire maires directeur directrice president presidente vice ministre prefet prefete sous adjoint adjointe secretaire responsable chef cheffe
		agent agente agents conseiller conseillere charge chargee redacteur redactrice assistant assistante gestionnaire referent referente coordinateur coordinatrice
		instructeur instructrice technicien technicienne officier attache attachee mediateur mediatrice juriste archiviste animateur animatrice employe employee
		manager officer clerk advisor adviser coordinator director head leader administrator mayor deputy the recteur rectrice principal proviseur`)
	services = set(`service services mairie ville commune direction departement pole prefecture ccas cias conseil metropole agglomeration communaute accueil etat civil
		urbanisme bureau cellule unite secretariat guichet centre hopital chu academie rectorat caisse agence office maison mission delegation region department council
		team customer unit town hall equipe hotel standard site web internet rue avenue place boulevard bp cs cedex tel telephone fax mail courriel email mobile portable
		horaires lundi mardi mercredi jeudi vendredi samedi dimanche republique francaise liberte egalite fraternite france siret route chemin population
		elections electoral affaires generales citoyennete vie scolaire enfance jeunesse culture sport sports finances technique techniques eau assainissement dechets social
		solidarite logement environnement communication informatique numerique rh ressources humaines usagers relations relation client clients general generale municipal
		municipale municipaux departemental departementale regional regionale public publique publics citoyen citoyens police proximite petite sante support helpdesk
		january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday
		janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre sent from envoye iphone android outlook`)
	closings = set(`cordialement salutations sincerement bien bonne belle merci bonjour bonsoir regards best kind yours sincerely faithfully dear hello reception journee
		soiree objet re tr fw fwd votre notre nous je vous pour le la les veuillez voici suite`)
	roles = set(`accueil contact info infos information informations mairie secretariat noreply no reply nepasrepondre ne pas repondre postmaster webmaster administration
		admin commune ville etatcivil courrier standard support help service services hello bonjour communication direction cabinet dpo rgpd greffe guichet usagers
		prefecture enquiries office helpdesk mailer daemon accueilmairie demandes demande formulaire`)
	places = set(`rue avenue av place boulevard bd allee allees chemin square quai impasse cours esplanade route pont passage ruelle sentier ecole college lycee groupe salle stade espace
		gymnase mediatheque bibliotheque hopital residence parc jardin maison theatre piscine creche saint sainte st ste fondation institut universite tour metro station
		arret gare port street road avenue school hall park ile mont hotel clinique batiment amphitheatre auditorium conservatoire musee cimetiere eglise`)
	// words of the language that are family names too: small, they are words
	common = set(`petit petite grand grande blanc blanche noir noire rouge brun roux gros long court jeune vieux neuf bon bonne beau belle doux fort sage simple franc
		vert gris rose fleur bois mont roche pierre riviere fontaine moulin marche pont rue ville maison place porte tour chateau eglise clerc maire prevost
		berger boucher boulanger marchand meunier charpentier couturier tailleur potier fabre lefebvre hiver printemps matin soir jour midi noel paques janvier mars avril mai juin aout
		avec pour dans sous leur cette votre notre nous vous mais plus moins bien merci carte heure suite
		will long good young white black brown green king bishop baker cook page hall wood stone field may bill mark grant hope price rich small best part more your with from`)
	givenNames = set(`adele adeline adrien adrienne agathe agnes aicha alain alan albert alexandra alexandre alexia alexis alice aline alix amandine amelie amina amine anais andre
		andrea andree angele angelique anita ann anna anne annick annie anthony antoine antonin ariane armand arnaud arthur aude audrey aurelie aurelien axel axelle baptiste
		barbara bastien beatrice benedicte benjamin benoit bernadette bernard berthe bertrand bettina boris brigitte bruno camille carine carla carole caroline catherine
		cecile cedric celia celine chantal charles charlene charlotte chloe christel christelle christian christiane christine christophe claire clara clarisse claude
		claudette claudine clemence clement clotilde colette coralie corentin corinne cyril damien daniel daniele danielle david deborah delphine denis denise didier diane dominique
		dorothee edith edouard eleonore eliane elisa elisabeth elise elodie elsa emeline emilie emilien emma emmanuel emmanuelle enzo eric erika estelle esther etienne eugenie
		evelyne fabien fabienne fabrice farid fatiha fatima fatou felix fernand florent florian franck francine francis francois francoise frederic frederique gabriel gabrielle gael
		gaelle gaetan genevieve georges gerald geraldine gerard germaine ghislaine gilbert gilberte gilles gisele gregory guillaume gustave gwenaelle hassan helene henri
		henriette herve hubert hugo hugues ibrahim ines irene iris isabelle jacqueline jacques james jane jean jeanine jeanne jeannine jennifer jerome jessica joel joelle johan john
		jonathan jordan joseph josephine josette josiane joyce jules julia julian julie julien juliette justine karim karine kevin khadija laetitia laura laure laurence laurent
		laurie lea leila leo leon leonie leslie liliane lionel lise loic louis louise luc lucas lucette lucie lucien lucienne lydie madeleine magali maite malika manon manuel marc
		marcel marcelle marguerite maria marianne marie marina marine marion marjorie marthe martine maryse maryline mathieu mathilde matthieu maud maurice max maxime melanie
		melissa mehdi michael michel michele micheline michelle mireille mohamed mohammed monique morgane muriel mustapha myriam nabil nadege nadia nadine natacha nathalie nathan
		nicolas nicole nina noemie nora norbert odette odile olga olivia olivier oriane pascal pascale patrice patricia patrick paul paule paulette pauline peter philippe
		pierrette quentin rachel rachid rania raphael raymond raymonde rebecca regine regis remi remy renaud rene renee richard robert roberte robin rodolphe roger roland
		romain ronan roxane sabine sabrina said salima samia samir samuel sandra sandrine sarah sebastien serge severine simon simone sonia sophie stanislas stephane stephanie
		steven sylvain sylvaine sylvie tanguy tatiana thea theo therese thibault thibaut thierry thomas tiphaine tristan valentin valentine valerie vanessa veronique victor
		victoria vincent violaine virginie viviane wilfried william xavier yacine yann yannick yasmina yoann yolande youssef yves yvette yvonne zoe`)
)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

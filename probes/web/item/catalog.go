package item

import (
	"slices"

	"github.com/sonde-fleet/sonde/probes"
)

// Def is one information item of the website channel: what is observed, in what unit, after which norm.
type Def struct {
	Item   probes.ItemCode
	Unit   string // of a number; empty: yes or no
	EN, FR string
	Source string // the norm or the scheme that asks for it
	codes  []Code // of mentions, any of which on any page is a yes; empty: decided by the site as a whole
	when   Code   // asked only where this code is mentioned, "" always
}

// Sources.
const (
	spPlus    = "Services Publics+ 2"
	marianne  = "Marianne"
	lcen      = "LCEN art. 1-1"
	rgpd      = "RGPD art. 13"
	cookies   = "LIL art. 82, CNIL 2020-091"
	statement = "loi 2005-102 art. 47, décret 2019-768"
	rgaa      = "RGAA 4.1"
	cgct      = "CGCT L2121-10, L2131-1"
	dinum     = "DINUM, Vos démarches essentielles"
	ours      = "Sonde"
)

// Catalog lists every item of the channel in the order of reports.
func Catalog() []Def { return catalog }

// Lookup is the definition of an item.
func Lookup(code probes.ItemCode) (Def, bool) {
	i := slices.IndexFunc(catalog, func(d Def) bool { return d.Item == code })
	if i < 0 {
		return Def{}, false
	}
	return catalog[i], true
}

// Name is what the item is called.
func (d Def) Name(french bool) string {
	if french {
		return d.FR
	}
	return d.EN
}

var catalog = []Def{
	{Item: "web.telephone", EN: "A telephone number is published", FR: "Un numéro de téléphone est publié", Source: spPlus, codes: []Code{Telephone}},
	{Item: "web.telephone.link", EN: "The number can be called by a link", FR: "Le numéro s’appelle par un lien", Source: ours, when: Telephone},
	{Item: "web.telephone.plain-rate", EN: "No published number costs more than a call", FR: "Aucun numéro publié n’est surtaxé", Source: spPlus, when: Telephone},
	{Item: "web.email", EN: "An e-mail address is published", FR: "Une adresse électronique est publiée", Source: spPlus, codes: []Code{Email}},
	{Item: "web.email.link", EN: "The e-mail address is a link", FR: "L’adresse électronique est un lien", Source: ours, when: Email},
	{Item: "web.address", EN: "A postal address is published", FR: "Une adresse postale est publiée", Source: spPlus, codes: []Code{Address}},
	{Item: "web.map", EN: "A map or a link to one shows the place", FR: "Un plan ou un lien vers un plan situe l’accueil", Source: spPlus, codes: []Code{Map}},
	{Item: "web.hours", EN: "Opening hours are published", FR: "Les horaires d’ouverture sont publiés", Source: spPlus, codes: []Code{Hours, UnsureHours}},
	{Item: "web.hours.data", EN: "Opening hours are also data (schema.org)", FR: "Les horaires sont aussi des données (schema.org)", Source: ours, codes: []Code{DataHours}},
	{Item: "web.hours.data.agree", EN: "Hours as data and hours in the text are the same", FR: "Les horaires en données et ceux du texte sont les mêmes", Source: ours, when: DataHours},
	{Item: "web.contact-form", EN: "A form writes to the body", FR: "Un formulaire permet d’écrire", Source: spPlus, codes: []Code{ContactForm}},
	{Item: "web.contact-form.no-captcha", EN: "The form asks no picture puzzle", FR: "Le formulaire n’impose pas de captcha", Source: rgaa, when: ContactForm},
	{Item: "web.appointment", EN: "An appointment can be made online", FR: "Un rendez-vous se prend en ligne", Source: spPlus, codes: []Code{Appointment}},
	{Item: "web.online-procedure", EN: "At least one procedure can be done online", FR: "Une démarche au moins se fait en ligne", Source: dinum, codes: []Code{Procedure}},
	{Item: "web.franceconnect", EN: "FranceConnect is offered", FR: "FranceConnect est proposé", Source: dinum, codes: []Code{FranceConnect}},
	{Item: "web.feedback", EN: "Users are asked for their opinion (Je donne mon avis)", FR: "L’avis des usagers est demandé (Je donne mon avis)", Source: dinum, codes: []Code{Feedback}},
	{Item: "web.other-channel", EN: "A way that is not digital is shown beside online procedures", FR: "Une autre voie que le numérique est indiquée", Source: dinum, when: Procedure},

	{Item: "web.search", EN: "The site can be searched", FR: "Le site a un moteur de recherche", Source: rgaa + " 12.1", codes: []Code{Search}},
	{Item: "web.search.finds", EN: "Searching returns a page that is known to exist", FR: "La recherche retrouve une page connue", Source: rgaa + " 12.5", when: Search},
	{Item: "web.site-map", EN: "There is a site map", FR: "Il y a un plan du site", Source: rgaa + " 12.1", codes: []Code{SiteMapLink}},
	{Item: "web.sitemap-xml", EN: "There is a sitemap.xml", FR: "Il y a un sitemap.xml", Source: ours},
	{Item: "web.breadcrumbs", EN: "Bread crumbs say where one is", FR: "Un fil d’Ariane situe la page", Source: ours, codes: []Code{Breadcrumbs}},
	{Item: "web.skip-link", EN: "A link leads past the menus on every page", FR: "Un lien d’évitement mène au contenu sur chaque page", Source: rgaa + " 12.7"},
	{Item: "web.not-found", EN: "A page that does not exist is answered as such (404)", FR: "Une page inexistante est annoncée comme telle (404)", Source: ours},
	{Item: "web.not-found.way-back", EN: "The page of a wrong address leads back", FR: "La page d’erreur propose un chemin de retour", Source: ours},
	{Item: "web.feed", EN: "News can be followed (RSS, Atom)", FR: "Les actualités se suivent (RSS, Atom)", Source: ours, codes: []Code{Feed}},
	{Item: "web.newsletter", EN: "There is a newsletter", FR: "Il y a une lettre d’information", Source: ours, codes: []Code{Newsletter}},
	{Item: "web.social", EN: "The body's accounts on networks are shown", FR: "Les comptes sur les réseaux sociaux sont indiqués", Source: ours, codes: []Code{SocialLinks}},
	{Item: "web.languages", Unit: "languages", EN: "Languages that are offered", FR: "Langues proposées", Source: ours},
	{Item: "web.updated", EN: "Pages say when they were last changed", FR: "Les pages disent quand elles ont été mises à jour", Source: ours, codes: []Code{Updated}},
	{Item: "web.updated.days", Unit: "days", EN: "Days since the last change that a page tells", FR: "Jours depuis la dernière mise à jour annoncée", Source: ours, when: Updated},
	{Item: "web.readability", Unit: "Kandel-Moles score", EN: "How easy the texts are to read, 0 to 100 (Kandel & Moles 1958)", FR: "Facilité de lecture des textes, de 0 à 100 (Kandel et Moles 1958)", Source: dinum},

	{Item: "web.council.agenda", EN: "Agendas or dates of the council's meetings are published", FR: "L’ordre du jour ou les dates du conseil sont publiés", Source: cgct, codes: []Code{CouncilAgenda}},
	{Item: "web.council.documents", EN: "Drafts, decisions or minutes of the council are published", FR: "Projets, délibérations ou procès-verbaux sont publiés", Source: cgct, codes: []Code{CouncilDocuments}},
	{Item: "web.council.questions", EN: "Citizens can put questions to the council", FR: "Les habitants peuvent poser des questions au conseil", Source: "AFNOR 2023 (Cannes)", codes: []Code{CouncilQuestions}},
	{Item: "web.digital-help", EN: "Help with digital things is shown", FR: "Une aide au numérique est indiquée", Source: "AFNOR 2023 (Isère)", codes: []Code{DigitalHelp}},
	{Item: "web.disability", EN: "There is information for disabled visitors", FR: "L’accueil des personnes handicapées est décrit", Source: marianne, codes: []Code{Disability}},
	{Item: "web.deaf-relay", EN: "Deaf people can call through a relay", FR: "Un relais téléphonique sert les personnes sourdes", Source: "loi 2016-1321 art. 105", codes: []Code{DeafRelay}},
	{Item: "web.emergency", EN: "Emergency numbers are shown", FR: "Les numéros d’urgence sont indiqués", Source: ours, codes: []Code{EmergencyNumbers}},

	{Item: "web.legal", EN: "A legal notice is linked on every page", FR: "Les mentions légales sont accessibles depuis chaque page", Source: lcen},
	{Item: "web.legal.editor", EN: "The legal notice names the publisher", FR: "Les mentions légales nomment l’éditeur", Source: lcen, codes: []Code{LegalEditor}},
	{Item: "web.legal.director", EN: "It names the director of publication", FR: "Elles nomment le directeur de la publication", Source: lcen, codes: []Code{LegalDirector}},
	{Item: "web.legal.host", EN: "It names the host", FR: "Elles nomment l’hébergeur", Source: lcen, codes: []Code{LegalHost}},
	{Item: "web.legal.host-address", EN: "It gives the host's address", FR: "Elles donnent l’adresse de l’hébergeur", Source: lcen, codes: []Code{LegalHostAddress}},
	{Item: "web.legal.host-telephone", EN: "It gives the host's telephone", FR: "Elles donnent le téléphone de l’hébergeur", Source: lcen, codes: []Code{LegalHostPhone}},
	{Item: "web.legal.copyright", EN: "It says what may be reused", FR: "Elles disent ce qui peut être repris", Source: lcen, codes: []Code{LegalCopyright}},
	{Item: "web.privacy", EN: "Information on personal data is linked", FR: "L’information sur les données personnelles est accessible", Source: rgpd, codes: []Code{PrivacyLink, PrivacyRights}},
	{Item: "web.privacy.controller", EN: "It names who is responsible for the data", FR: "Elle nomme le responsable du traitement", Source: rgpd, codes: []Code{PrivacyController}},
	{Item: "web.privacy.officer", EN: "It names a contact for data questions", FR: "Elle indique le délégué à la protection des données", Source: rgpd, codes: []Code{PrivacyDPO}},
	{Item: "web.privacy.rights", EN: "It lists the rights", FR: "Elle énumère les droits", Source: rgpd, codes: []Code{PrivacyRights}},
	{Item: "web.privacy.complaint", EN: "It names the authority that hears complaints", FR: "Elle indique le recours auprès de la CNIL", Source: rgpd, codes: []Code{PrivacyCNIL}},
	{Item: "web.consent.refuse", EN: "Cookies can be refused as easily as accepted", FR: "Refuser les cookies est aussi simple qu’accepter", Source: cookies, when: CookieBanner},
	{Item: "web.consent.third-parties", Unit: "hosts", EN: "Other hosts that are called before any consent", FR: "Hôtes tiers appelés avant tout consentement", Source: cookies},
	{Item: "web.consent.none-before", EN: "No other host is called before consent", FR: "Aucun tiers n’est appelé avant consentement", Source: cookies},

	{Item: "web.https", EN: "The site is served over HTTPS", FR: "Le site est servi en HTTPS", Source: "RGS"},
	{Item: "web.https.redirect", EN: "Plain HTTP leads to HTTPS", FR: "HTTP conduit à HTTPS", Source: "RGS"},
	{Item: "web.https.hsts", EN: "HTTPS is made lasting (HSTS, RFC 6797)", FR: "HTTPS est rendu durable (HSTS, RFC 6797)", Source: "ANSSI"},
	{Item: "web.https.modern", EN: "TLS 1.2 or later is spoken", FR: "TLS 1.2 ou plus récent est employé", Source: "ANSSI"},
	{Item: "web.security-txt", EN: "Security faults can be reported (security.txt, RFC 9116)", FR: "Une faille peut être signalée (security.txt, RFC 9116)", Source: "ANSSI"},
	{Item: "web.robots-txt", EN: "There is a robots.txt", FR: "Il y a un robots.txt", Source: ours},
	{Item: "web.first-byte", Unit: "ms", EN: "Median time to the first byte", FR: "Temps médian jusqu’au premier octet", Source: dinum},
	{Item: "web.loaded", Unit: "ms", EN: "Median time until the document stands", FR: "Temps médian de chargement du document", Source: dinum},
	{Item: "web.loaded.fast", EN: "The document stands within 400 ms", FR: "Le document est chargé en moins de 400 ms", Source: dinum},
	{Item: "web.weight", Unit: "KB", EN: "Median weight of a page", FR: "Poids médian d’une page", Source: ours},

	{Item: "web.statement", EN: "There is an accessibility statement", FR: "Il y a une déclaration d’accessibilité", Source: statement, codes: []Code{Statement}},
	{Item: "web.statement.mention", EN: "The home page states the level in the wording of the law", FR: "L’accueil porte la mention réglementaire de conformité", Source: statement},
	{Item: "web.statement.everywhere", EN: "The statement is linked on every page", FR: "La déclaration est accessible depuis chaque page", Source: statement},
	{Item: "web.statement.level-agrees", EN: "Home page and statement give the same level", FR: "L’accueil et la déclaration donnent le même niveau", Source: statement, when: Statement},
	{Item: "web.statement.rate", Unit: "%", EN: "Rate of conformity that is declared", FR: "Taux de conformité déclaré", Source: statement, when: Statement},
	{Item: "web.statement.rate-agrees", EN: "Level and rate agree", FR: "Le niveau et le taux sont cohérents", Source: statement, when: Rate},
	{Item: "web.statement.dated", EN: "The statement is dated", FR: "La déclaration est datée", Source: statement, codes: []Code{StatementDate}, when: Statement},
	{Item: "web.statement.fresh", EN: "The statement is at most three years old", FR: "La déclaration a moins de trois ans", Source: statement, when: StatementDate},
	{Item: "web.statement.law", EN: "It names the law", FR: "Elle cite la loi", Source: statement, codes: []Code{StatementLaw}, when: Statement},
	{Item: "web.statement.auditor", EN: "It says who audited", FR: "Elle dit qui a audité", Source: statement, codes: []Code{StatementAuditor}, when: Statement},
	{Item: "web.statement.barriers", EN: "It lists what is not accessible", FR: "Elle liste les contenus non accessibles", Source: statement, codes: []Code{StatementNonconformities}, when: Statement},
	{Item: "web.statement.exemptions", EN: "It speaks of exemptions", FR: "Elle traite des dérogations", Source: statement, codes: []Code{StatementExemptions}, when: Statement},
	{Item: "web.statement.technologies", EN: "It lists the technologies", FR: "Elle liste les technologies", Source: statement, codes: []Code{StatementTechnologies}, when: Statement},
	{Item: "web.statement.environment", EN: "It describes the test environment", FR: "Elle décrit l’environnement de test", Source: statement, codes: []Code{StatementEnvironment}, when: Statement},
	{Item: "web.statement.pages", EN: "It lists the pages that were audited", FR: "Elle liste les pages auditées", Source: statement, codes: []Code{StatementPages}, when: Statement},
	{Item: "web.statement.contact", EN: "It gives a way to report barriers", FR: "Elle donne un contact pour signaler un obstacle", Source: statement, codes: []Code{StatementContact}, when: Statement},
	{Item: "web.statement.defender", EN: "It names the Defender of Rights", FR: "Elle cite le Défenseur des droits", Source: statement, codes: []Code{StatementDefender}, when: Statement},
	{Item: "web.statement.plan", EN: "It links the plan of several years or of this one", FR: "Elle renvoie au schéma pluriannuel ou au plan d’action", Source: statement, codes: []Code{StatementPlan}, when: Statement},

	{Item: "web.same.telephone", EN: "The directory's telephone number is on the site", FR: "Le téléphone de l’annuaire est sur le site", Source: spPlus},
	{Item: "web.same.email", EN: "The directory's e-mail address is on the site", FR: "L’adresse électronique de l’annuaire est sur le site", Source: spPlus},
	{Item: "web.same.address", EN: "The directory's postal address is on the site", FR: "L’adresse postale de l’annuaire est sur le site", Source: spPlus},
	{Item: "web.same.hours", EN: "The directory's opening hours are on the site", FR: "Les horaires de l’annuaire sont sur le site", Source: spPlus},
	{Item: "web.same.pages", EN: "Head and foot of all pages give the same contacts", FR: "En-têtes et pieds de page donnent les mêmes coordonnées", Source: ours},

	{Item: "web.clicks.telephone", Unit: "clicks", EN: "Clicks from the home page to a telephone number", FR: "Clics de l’accueil à un numéro de téléphone", Source: ours, when: Telephone},
	{Item: "web.clicks.email", Unit: "clicks", EN: "Clicks to an e-mail address", FR: "Clics jusqu’à une adresse électronique", Source: ours, when: Email},
	{Item: "web.clicks.address", Unit: "clicks", EN: "Clicks to a postal address", FR: "Clics jusqu’à une adresse postale", Source: ours, when: Address},
	{Item: "web.clicks.hours", Unit: "clicks", EN: "Clicks to the opening hours", FR: "Clics jusqu’aux horaires", Source: ours, when: Hours},
	{Item: "web.clicks.contact-form", Unit: "clicks", EN: "Clicks to a contact form", FR: "Clics jusqu’à un formulaire de contact", Source: ours, when: ContactForm},
	{Item: "web.clicks.appointment", Unit: "clicks", EN: "Clicks to an appointment", FR: "Clics jusqu’à une prise de rendez-vous", Source: ours, when: Appointment},
	{Item: "web.clicks.online-procedure", Unit: "clicks", EN: "Clicks to an online procedure", FR: "Clics jusqu’à une démarche en ligne", Source: ours, when: Procedure},
	{Item: "web.clicks.legal", Unit: "clicks", EN: "Clicks to the legal notice", FR: "Clics jusqu’aux mentions légales", Source: ours, when: LegalEditor},
	{Item: "web.clicks.statement", Unit: "clicks", EN: "Clicks to the accessibility statement", FR: "Clics jusqu’à la déclaration d’accessibilité", Source: ours, when: Statement},
	{Item: "web.menu.telephone", Unit: "clicks", EN: "The same by menus alone: telephone", FR: "De même par les seuls menus : téléphone", Source: ours, when: Telephone},
	{Item: "web.menu.hours", Unit: "clicks", EN: "By menus alone: opening hours", FR: "Par les seuls menus : horaires", Source: ours, when: Hours},
	{Item: "web.menu.contact-form", Unit: "clicks", EN: "By menus alone: contact form", FR: "Par les seuls menus : formulaire de contact", Source: ours, when: ContactForm},
	{Item: "web.menu.online-procedure", Unit: "clicks", EN: "By menus alone: online procedure", FR: "Par les seuls menus : démarche en ligne", Source: ours, when: Procedure},
}

package item

import "github.com/sonde-fleet/sonde/probes"

// Def is how one information item of the website channel is decided. What it is called, and which norm asks for it, the grid
// says.
type Def struct {
	Item  probes.ItemCode
	codes []Code // of mentions, any of which on any page is a yes; empty: decided by the site as a whole
	when  Code   // asked only where this code is mentioned, "" always
}

// Items lists every item that Site can tell, in the order of reports.
func Items() []probes.ItemCode {
	out := make([]probes.ItemCode, len(catalog))
	for i := range catalog {
		out[i] = catalog[i].Item
	}
	return out
}

var catalog = []Def{
	{Item: "web.telephone", codes: []Code{Telephone}},
	{Item: "web.telephone.link", when: Telephone},
	{Item: "web.telephone.plain-rate", when: Telephone},
	{Item: "web.email", codes: []Code{Email}},
	{Item: "web.email.link", when: Email},
	{Item: "web.address", codes: []Code{Address}},
	{Item: "web.map", codes: []Code{Map}},
	{Item: "web.hours", codes: []Code{Hours, UnsureHours}},
	{Item: "web.hours.data", codes: []Code{DataHours}},
	{Item: "web.hours.data.agree", when: DataHours},
	{Item: "web.contact-form", codes: []Code{ContactForm}},
	{Item: "web.contact-form.no-captcha", when: ContactForm},
	{Item: "web.appointment", codes: []Code{Appointment}},
	{Item: "web.online-procedure", codes: []Code{Procedure}},
	{Item: "web.franceconnect", codes: []Code{FranceConnect}},
	{Item: "web.feedback", codes: []Code{Feedback}},
	{Item: "web.other-channel", when: Procedure},

	{Item: "web.search", codes: []Code{Search}},
	{Item: "web.search.finds", when: Search},
	{Item: "web.site-map", codes: []Code{SiteMapLink}},
	{Item: "web.sitemap-xml"},
	{Item: "web.breadcrumbs", codes: []Code{Breadcrumbs}},
	{Item: "web.skip-link"},
	{Item: "web.not-found"},
	{Item: "web.not-found.way-back"},
	{Item: "web.feed", codes: []Code{Feed}},
	{Item: "web.newsletter", codes: []Code{Newsletter}},
	{Item: "web.social", codes: []Code{SocialLinks}},
	{Item: "web.languages"},
	{Item: "web.updated", codes: []Code{Updated}},
	{Item: "web.updated.days", when: Updated},
	{Item: "web.readability"},

	{Item: "web.council.agenda", codes: []Code{CouncilAgenda}},
	{Item: "web.council.documents", codes: []Code{CouncilDocuments}},
	{Item: "web.council.questions", codes: []Code{CouncilQuestions}},
	{Item: "web.digital-help", codes: []Code{DigitalHelp}},
	{Item: "web.disability", codes: []Code{Disability}},
	{Item: "web.deaf-relay", codes: []Code{DeafRelay}},
	{Item: "web.emergency", codes: []Code{EmergencyNumbers}},

	{Item: "web.legal"},
	{Item: "web.legal.editor", codes: []Code{LegalEditor}},
	{Item: "web.legal.director", codes: []Code{LegalDirector}},
	{Item: "web.legal.host", codes: []Code{LegalHost}},
	{Item: "web.legal.host-address", codes: []Code{LegalHostAddress}},
	{Item: "web.legal.host-telephone", codes: []Code{LegalHostPhone}},
	{Item: "web.legal.copyright", codes: []Code{LegalCopyright}},
	{Item: "web.privacy", codes: []Code{PrivacyLink, PrivacyRights}},
	{Item: "web.privacy.controller", codes: []Code{PrivacyController}},
	{Item: "web.privacy.officer", codes: []Code{PrivacyDPO}},
	{Item: "web.privacy.rights", codes: []Code{PrivacyRights}},
	{Item: "web.privacy.complaint", codes: []Code{PrivacyCNIL}},
	{Item: "web.consent.refuse", when: CookieBanner},
	{Item: "web.consent.third-parties"},
	{Item: "web.consent.none-before"},

	{Item: "web.https"},
	{Item: "web.https.redirect"},
	{Item: "web.https.hsts"},
	{Item: "web.https.modern"},
	{Item: "web.security-txt"},
	{Item: "web.robots-txt"},
	{Item: "web.first-byte"},
	{Item: "web.loaded"},
	{Item: "web.loaded.fast"},
	{Item: "web.weight"},

	{Item: "web.statement", codes: []Code{Statement}},
	{Item: "web.statement.mention"},
	{Item: "web.statement.everywhere"},
	{Item: "web.statement.level-agrees", when: Statement},
	{Item: "web.statement.rate", when: Statement},
	{Item: "web.statement.rate-agrees", when: Rate},
	{Item: "web.statement.dated", codes: []Code{StatementDate}, when: Statement},
	{Item: "web.statement.fresh", when: StatementDate},
	{Item: "web.statement.law", codes: []Code{StatementLaw}, when: Statement},
	{Item: "web.statement.auditor", codes: []Code{StatementAuditor}, when: Statement},
	{Item: "web.statement.barriers", codes: []Code{StatementNonconformities}, when: Statement},
	{Item: "web.statement.exemptions", codes: []Code{StatementExemptions}, when: Statement},
	{Item: "web.statement.technologies", codes: []Code{StatementTechnologies}, when: Statement},
	{Item: "web.statement.environment", codes: []Code{StatementEnvironment}, when: Statement},
	{Item: "web.statement.pages", codes: []Code{StatementPages}, when: Statement},
	{Item: "web.statement.contact", codes: []Code{StatementContact}, when: Statement},
	{Item: "web.statement.defender", codes: []Code{StatementDefender}, when: Statement},
	{Item: "web.statement.plan", codes: []Code{StatementPlan}, when: Statement},

	{Item: "web.same.telephone"},
	{Item: "web.same.email"},
	{Item: "web.same.address"},
	{Item: "web.same.hours"},
	{Item: "web.same.pages"},

	{Item: "web.clicks.telephone", when: Telephone},
	{Item: "web.clicks.email", when: Email},
	{Item: "web.clicks.address", when: Address},
	{Item: "web.clicks.hours", when: Hours},
	{Item: "web.clicks.contact-form", when: ContactForm},
	{Item: "web.clicks.appointment", when: Appointment},
	{Item: "web.clicks.online-procedure", when: Procedure},
	{Item: "web.clicks.legal", when: LegalEditor},
	{Item: "web.clicks.statement", when: Statement},
	{Item: "web.menu.telephone", when: Telephone},
	{Item: "web.menu.hours", when: Hours},
	{Item: "web.menu.contact-form", when: ContactForm},
	{Item: "web.menu.online-procedure", when: Procedure},
}

package probes

// Kind names the fact that an event states.
type Kind string

// What happens to every audit, whatever its channel.
const (
	AuditAwaiting   Kind = "audit.awaiting"   // its channel is not built or not configured on this prober
	AuditPostponed  Kind = "audit.postponed"  // it was due while we were down and is put to the next open hour; Detail "retry"
	AuditMissed     Kind = "audit.missed"     // we were down when it was due and the policy says skip; ours
	AuditSuppressed Kind = "audit.suppressed" // the structure is on the suppression list; never counted
	AuditCancelled  Kind = "audit.cancelled"  // an operator took it out; never counted
	AuditSpoiled    Kind = "audit.spoiled"    // an operator or auditor declared it spoiled by us
	AuditResolved   Kind = "audit.resolved"   // an operator decided an audit in doubt; Detail "as": accepted, not-sent (with "retry") or spoiled
	AuditAgain      Kind = "audit.again"      // an auditor asked for another try of an audit that is spoiled; Detail "again": the audit that makes it
	AuditClosed     Kind = "audit.closed"     // its deadline has passed; the watch is over
	ProbeFault      Kind = "probe.fault"      // the try failed through us; Text says how
)

// What operators do to a campaign or a structure. Detail holds "structure", "campaign", "by", "reason"; a pause of a part
// names the part: "wave", "structure" or "audit".
const (
	StructureSuppressed Kind = "structure.suppressed"
	CampaignLaunched    Kind = "campaign.launched" // an operator ordered the launch; Detail "files": hashes of what was previewed, "approved_by"
	CampaignPaused      Kind = "campaign.paused"
	CampaignResumed     Kind = "campaign.resumed"
)

// What people add to what was measured. These are records of the collector's own journal, which is chained by hash. Detail
// "by" is the account; a record that withdraws names the other one in Detail "of".
const (
	ReviewVerdict   Kind = "review.verdict"   // an auditor's decision; Detail: flag, verdict (confirm, correct, spoil, again) and what is corrected; Text: why
	ReviewCoded     Kind = "review.coded"     // an auditor rated items of an audit without seeing what others said; observations
	ReviewWithdrawn Kind = "review.withdrawn" // an auditor took a verdict or a coding of their own back; Detail "of": number of the record
	DisputeOpened   Kind = "dispute.opened"   // the structure's contact objects to an audit; Text: what they say
	DisputeAnswered Kind = "dispute.answered" // the answer, signed; Detail: of, signature, key
	OrderProposed   Kind = "order.proposed"   // an operator asks for something that a second one must approve
	OrderGiven      Kind = "order.given"      // an operator's order went to a prober; Detail: order, prober, scope, approved_by
	OrderRefused    Kind = "order.refused"    // the prober, or the second operator, refused it; Text: why
	AccessRead      Kind = "access.read"      // somebody read personal data: the evidence of an audit
	AccessChanged   Kind = "access.changed"   // log-ins that failed, accounts, roles, tokens, links
)

// The life of a mail, in the order of RFC 5321.
const (
	MailPrepared  Kind = "mail.prepared"  // exact bytes, Message-ID, ENVID and reply address are durable; nothing has left
	MailSending   Kind = "mail.sending"   // recorded before the final dot leaves: from here on the server may have it
	MailAccepted  Kind = "mail.accepted"  // the server said 250 after the dot; Text is its reply
	MailRefused   Kind = "mail.refused"   // the server said 5xx; Detail: code, enhanced, command
	MailDeferred  Kind = "mail.deferred"  // the server said 4xx
	MailInDoubt   Kind = "mail.in-doubt"  // the reply to the dot was lost: never sent again
	MailByHand    Kind = "mail.by-hand"   // a contact form that a person must fill in: captcha, a field that no persona can answer; nothing has left; Text says why
	MailWitnessed Kind = "mail.witnessed" // proof that the server had taken it; Detail "by": copy or sent-folder
	MailUnsent    Kind = "mail.unsent"    // it is certain that nothing was taken: the same bytes may go again
	MailReceived  Kind = "mail.received"  // a mail came in for the audit; Detail: class, answer, match, …
	MailUnmatched Kind = "mail.unmatched" // a mail that belongs to no audit for sure: the holding pen
	MailboxRead   Kind = "mailbox.read"   // read up to Detail uid; Detail "skipped": how many had been filed before
	MailboxReset  Kind = "mailbox.reset"  // UIDVALIDITY changed
	MailboxDown   Kind = "mailbox.down"   // the watcher lost its mailbox; ours
	MailboxUp     Kind = "mailbox.up"     // the watcher is back; Detail "dark_ms": how long it saw nothing
)

// The visit of a website. The pages come one by one; then one of the other three ends it.
const (
	WebPage    Kind = "web.page"    // one page was visited; Detail: page, result, why, failed, review, …; evidence: picture, log, document, findings
	WebVisited Kind = "web.visited" // the site was read; Detail: site, pages, failed, review, criteria; observations: the items
	WebBlocked Kind = "web.blocked" // a guard of the site (firewall, captcha, robots.txt) keeps declared robots out: nobody's failure
	WebChecked Kind = "web.checked" // a light look whether a visited site still answers; Detail: up (yes, no, blocked), status, ms
	WebFailed  Kind = "web.failed"  // the site did not answer, or broke the browser; theirs
)

// The life of a telephone call. It ends with call.ended, call.failed, or a probe.fault of ours whose Detail "reached" says
// whether a telephone of the structure rang: no (that is certain), yes, or perhaps.
const (
	CallByHand      Kind = "call.by-hand"     // a person must make the call, as its scenario says; nothing has rung; Text is what to ask
	CallDialled     Kind = "call.dialled"     // recorded before the INVITE leaves: from here on a telephone may ring
	CallRinging     Kind = "call.ringing"     // the first 180 or 183, or a ring tone that was heard before
	CallAnswered    Kind = "call.answered"    // the other end picked up: a person, a voice service, a machine
	CallEnded       Kind = "call.ended"       // an answered call is over; Detail: by, why, talk_ms, …; observations; evidence where recording is allowed
	CallFailed      Kind = "call.failed"      // nobody picked up; theirs; Detail "class" says how, "code" is the answer of SIP, "retry" when it is called again
	CallTranscribed Kind = "call.transcribed" // what was said in a recorded call, as evidence that perishes with it; Text says why there is none
	// a text that was taken for a person's in this call was heard again in another: a recording; Detail "in": that audit
	CallHeardAgain Kind = "call.heard-again"
)

// Classes of a call that nobody picked up: Detail "class" of CallFailed.
const (
	ClassBusy        = "busy"
	ClassNoAnswer    = "no-answer"
	ClassRejected    = "refused"
	ClassWrongNumber = "wrong-number"
	ClassUnreachable = "unreachable"
	ClassCongestion  = "congestion"
	ClassMoved       = "moved"
)

// Classes of a mail that came in: Detail "class" of MailReceived, and the output of `prober classify`.
const (
	ClassBounce      = "bounce"
	ClassDelay       = "delay"
	ClassReceipt     = "receipt"
	ClassAutoAck     = "auto-ack"
	ClassOutOfOffice = "out-of-office"
	ClassChallenge   = "challenge"
	ClassFeedback    = "feedback-report"
	ClassHuman       = "human"
)

// What a human answer does: Detail "answer" of MailReceived.
const (
	AnswerGiven       = "answer"
	AnswerTransferred = "transferred"
	AnswerAsksMore    = "asks-more"
	AnswerRefers      = "refers"
)

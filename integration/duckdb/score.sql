-- The scores once more, from the exported files alone and by another hand: what was observed (items.parquet, the values only), what
-- became of every audit (outcomes.parquet) and the grid (grid.parquet). Nothing of package score is used: which audits are scored,
-- what follows from their instants, what silence is worth, the rules, and the means are all written here anew. The placeholders
-- between braces are file names and, for norms, numbers.
with audits as (
    select *, result in ('unreachable', 'offline', 'silent') as deaf
    from read_parquet('{outcomes}')
    where result in ('answered', 'unreachable', 'visited', 'blocked', 'offline')
       or result = 'silent' and followed_ms >= epoch_ms(deadline::timestamptz) - epoch_ms(contacted::timestamptz)
),
grid as (select * from read_parquet('{grid}')),
-- What follows from instants and results. A row without a value: the item does not apply; no row: the audit has none.
measures as (
    select audit, item, value from (
        select audit, unnest([
            {'item': 'mail.deliverable', 'value': (result <> 'unreachable')::double, 'has': true},
            {'item': 'mail.answered', 'value': (result = 'answered' and not late)::double, 'has': true},
            {'item': 'mail.answered.24h', 'value': (result = 'answered' and coalesce(delay_ms, 0) <= 24 * 3600000)::double, 'has': true},
            {'item': 'mail.answered.48h', 'value': (result = 'answered' and coalesce(delay_ms, 0) <= 48 * 3600000)::double, 'has': true},
            {'item': 'mail.answered.5d', 'value': (result = 'answered' and coalesce(delay_ms, 0) <= 120 * 3600000)::double, 'has': true},
            {'item': 'mail.answered.norm', 'value': (result = 'answered' and coalesce(working_days, 0) <= {mail.answer})::double, 'has': true},
            {'item': 'mail.delay.working-days', 'value': working_days::double, 'has': result = 'answered'},
            {'item': 'mail.delay.worked', 'value': worked_ms / 3600000.0, 'has': result = 'answered'},
            {'item': 'mail.acknowledged', 'value': acknowledged::double, 'has': true},
            {'item': 'mail.acknowledged.norm', 'value': (acknowledged and coalesce(ack_delay_ms, 0) <= {mail.acknowledge} * 86400000)::double, 'has': true},
            {'item': 'mail.heard.24h', 'value': (acknowledged and coalesce(ack_delay_ms, 0) <= 86400000
                or result = 'answered' and coalesce(delay_ms, 0) <= 86400000)::double, 'has': true},
            {'item': 'mail.absence.covered', 'value': case when out_of_office then (result = 'answered' and not late)::double end, 'has': true},
            {'item': 'mail.not-junk', 'value': (not junk)::double, 'has': result = 'answered'},
            {'item': 'mail.first-contact', 'value': (answer = 'answer')::double, 'has': result = 'answered'},
            {'item': 'mail.not-referred', 'value': (answer <> 'refers')::double, 'has': result = 'answered'},
            {'item': 'mail.transferred', 'value': case when answer in ('transferred', 'refers') then (answer = 'transferred')::double end, 'has': result = 'answered'},
            {'item': 'mail.no-challenge', 'value': (not list_contains(string_split(classes, ' '), 'challenge'))::double,
                'has': result = 'answered' or list_contains(string_split(classes, ' '), 'challenge')},
            {'item': 'mail.no-delay-warning', 'value': (not list_contains(string_split(classes, ' '), 'delay'))::double,
                'has': result = 'answered' or list_contains(string_split(classes, ' '), 'delay')}
        ], recursive := true) from audits where channel = 'mail'
        union all
        select audit, unnest([
            {'item': 'web.online', 'value': (result = 'visited')::double, 'has': result in ('visited', 'offline')},
            {'item': 'web.open', 'value': (result = 'visited')::double, 'has': result in ('visited', 'blocked')},
            {'item': 'web.available', 'value': 100.0 * checks_up / nullif(checks, 0), 'has': checks > 0},
            {'item': 'web.barriers', 'value': barriers::double / nullif(pages, 0), 'has': result = 'visited' and pages > 0}
        ], recursive := true) from audits where channel = 'web'
    ) where has
),
-- Of each item of each audit: a value where there is one.
observed as (
    select i.audit, i.item, i.value
    from read_parquet('{items}') i join grid using (item) join audits using (audit)
    where not (how = 'measure' and audits.channel in ('mail', 'web')) and i.state in ('observed', 'not applicable')
      and audits.result <> 'blocked'
    union all
    select * from measures
),
points as (
    select a.structure, a.audit, g.*,
        case
            when o.audit is not null then case g.rule
                when 'yes' then 100.0 * (o.value = 1)::int
                when 'no' then 100.0 * (o.value = 0)::int
                when 'at-most' then 100.0 * (o.value <= g.a)::int
                when 'at-least' then 100.0 * (o.value >= g.a)::int
                when 'linear' then 100.0 * case when o.value is not null then least(1, greatest(0, (o.value - g.b) / (g.a - g.b))) end end
            when a.deaf and g.silence = 'zero' then 0.0
        end as points
    from audits a join grid g using (channel) left join observed o on o.audit = a.audit and o.item = g.item
),
in_audit as (
    select structure, audit, channel, stage, determinant, sum(weight * points) / sum(weight) as x,
        any_value(channel_weight) as channel_weight, any_value(stage_weight) as stage_weight, any_value(determinant_weight) as determinant_weight
    from points where points is not null group by structure, audit, channel, stage, determinant
),
in_channel as (
    select structure, channel, stage, determinant, avg(x) as x, any_value(channel_weight) as channel_weight,
        any_value(stage_weight) as stage_weight, any_value(determinant_weight) as determinant_weight
    from in_audit group by structure, channel, stage, determinant
),
-- The whole, and each part of it alone: one determinant, one stage, one channel.
parts as (
    select 'score' as part, '' as code, * from in_channel
    union all select 'determinant', determinant, * from in_channel
    union all select 'stage', stage, * from in_channel
    union all select 'channel', channel, * from in_channel
),
in_stage as (
    select part, code, structure, stage, determinant, sum(channel_weight * x) / sum(channel_weight) as x,
        any_value(stage_weight) as stage_weight, any_value(determinant_weight) as determinant_weight
    from parts group by part, code, structure, stage, determinant
),
in_determinant as (
    select part, code, structure, determinant, sum(stage_weight * x) / sum(stage_weight) as x, any_value(determinant_weight) as determinant_weight
    from in_stage group by part, code, structure, determinant
)
select part, code, structure, sum(determinant_weight * x) / sum(determinant_weight) as value
from in_determinant group by part, code, structure order by structure, part, code

"""What a PostgreSQL server refuses to operators, whatever program they use.

Each guard is a trigger whose function runs with the rights of the workspace's owner. It looks at
who is connected (`session_user`, which SET ROLE does not change) and at what stands in the
workspace; the owner and, but for decisions, the worker pass.
"""

from dataclasses import dataclass

LOGIN = "handrail."
"""What the login of an operator begins with."""
WORKER = "handrail_worker"

_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
    "SET search_path = {schema}, pg_temp AS $body$ DECLARE me text; my_role text; {more} "
    "BEGIN {body} END $body$"
)


@dataclass(frozen=True)
class Guard:
    """A trigger and its function."""

    name: str
    table: str
    when: str
    """INSERT, UPDATE, or both."""
    body: str
    more: str = ""
    """What its function declares besides."""
    late: bool = False
    """Whether it looks when the transaction commits."""

    def statements(self, schema: str) -> list[str]:
        """What makes it anew in a schema."""
        timing = "BEFORE"
        kind = "TRIGGER"
        deferred = ""
        if self.late:
            timing, kind, deferred = "AFTER", "CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED "
        return [
            _FUNCTION.format(name=self.name, schema=schema, more=self.more, body=self.body),
            f"REVOKE ALL ON FUNCTION {self.name}() FROM PUBLIC",
            f"DROP TRIGGER IF EXISTS {self.name} ON {self.table}",
            f"CREATE {kind} {self.name} {timing} {self.when} ON {self.table} {deferred}"
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        ]


_REFUSE = "RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = "
_ME = f"substr(session_user, {len(LOGIN) + 1})"
_IS_PERSON = f"session_user LIKE '{LOGIN}%'"
_RANK = "array_position(ARRAY['viewer', 'operator', 'supervisor', 'admin'], {})"
_WHO = (
    f"IF NOT {_IS_PERSON} THEN RETURN NEW; END IF; me := {_ME}; "
    "SELECT role INTO my_role FROM operator WHERE name = me AND removed_at IS NULL; "
    f"IF my_role IS NULL OR my_role = 'viewer' THEN {_REFUSE} me || ' may not write here'; END IF; "
)

GUARDS = (
    # A decision is its maker's, about what is proposed, within what their role may.
    Guard("handrail_decision", "decision", "INSERT",
          more="a action%ROWTYPE; now_at bigint;", body=f"""
        IF session_user = '{WORKER}' AND NEW.kind <> 'auto' THEN
            {_REFUSE} 'the worker decides for nobody'; END IF;
        {_WHO}
        SELECT * INTO a FROM action WHERE id = NEW.action_id;
        IF NEW.operator <> me OR NEW.role IS DISTINCT FROM my_role THEN
            {_REFUSE} me || ' decides as ' || me || ', ' || my_role; END IF;
        IF NEW.kind NOT IN ('approve', 'edit', 'reject') OR NEW.spent_at IS NOT NULL THEN
            {_REFUSE} 'this is no decision of a person'; END IF;
        IF NEW.digest <> a.digest OR NEW.arguments IS DISTINCT FROM a.arguments THEN
            {_REFUSE} 'a decision is about the arguments as they are'; END IF;
        IF NEW.kind = 'reject' THEN RETURN NEW; END IF;
        SELECT ((extract(epoch FROM clock_timestamp()) + value::numeric) * 1000000)::bigint
            INTO now_at FROM setting WHERE name = 'clock_offset';
        IF a.state <> 'proposed' OR a.superseded_by IS NOT NULL OR a.expires_at <= now_at THEN
            {_REFUSE} 'action ' || a.id || ' does not wait for a decision'; END IF;
        RETURN NEW; """),
    # What was withdrawn meanwhile, as what is edited, is authorised by nothing.
    Guard("handrail_limit", "decision", "INSERT", late=True,
          more="a action%ROWTYPE; n text; lim jsonb;", body=f"""
        {_WHO}
        SELECT * INTO a FROM action WHERE id = NEW.action_id;
        IF NEW.kind = 'reject' OR a.state = 'withdrawn' THEN RETURN NULL; END IF;
        n := a.name;
        IF a.undoes IS NOT NULL THEN SELECT name INTO n FROM action WHERE id = a.undoes; END IF;
        SELECT value::jsonb -> my_role INTO lim FROM setting WHERE name = 'role_limits';
        IF NOT FOUND THEN {_REFUSE} 'no limits are set'; END IF;
        IF jsonb_typeof(lim -> 'actions') = 'array' AND NOT (lim -> 'actions') ? n THEN
            {_REFUSE} my_role || ' may not approve ' || n; END IF;
        IF jsonb_typeof(lim -> 'up_to') = 'number' AND a.amount > (lim ->> 'up_to')::bigint THEN
            {_REFUSE} my_role || ' may approve up to ' || (lim ->> 'up_to'); END IF;
        RETURN NULL; """),
    # What a person proposes waits for a decision, and its money is that of its arguments.
    Guard("handrail_action", "action", "INSERT", more="o action%ROWTYPE;", body=f"""
        {_WHO}
        IF NEW.state <> 'proposed' OR NEW.started_at IS NOT NULL OR NEW.executed_at IS NOT NULL
            OR NEW.decided_by IS NOT NULL OR NEW.gate NOT IN ('ask', 'ask_two') THEN
            {_REFUSE} 'a new action waits for a decision'; END IF;
        IF NEW.supersedes IS NOT NULL THEN
            SELECT * INTO o FROM action WHERE id = NEW.supersedes;
        ELSIF NEW.undoes IS NOT NULL THEN
            SELECT * INTO o FROM action WHERE id = NEW.undoes;
        END IF;
        IF NEW.proposed_by IS DISTINCT FROM me AND (NEW.supersedes IS NULL
            OR NEW.proposed_by IS DISTINCT FROM o.proposed_by) THEN
            {_REFUSE} me || ' proposes as ' || me; END IF;
        IF (NEW.supersedes IS NOT NULL OR NEW.undoes IS NOT NULL) AND (o.id IS NULL
            OR NEW.ticket_id <> o.ticket_id OR NEW.people_needed < 1
            OR (NEW.supersedes IS NOT NULL AND (NEW.name <> o.name
                OR NEW.role_needed IS DISTINCT FROM o.role_needed
                OR NEW.undoes IS DISTINCT FROM o.undoes))) THEN
            {_REFUSE} 'this follows no action of the ticket'; END IF;
        IF NEW.undoes IS NOT NULL AND (NEW.name <> 'undo' OR NEW.people_needed < o.people_needed
            OR NEW.amount IS DISTINCT FROM o.amount) THEN
            {_REFUSE} 'taking back needs what the action needed'; END IF;
        IF NEW.undoes IS NULL AND (NEW.name = 'undo' OR NEW.amount IS DISTINCT FROM
            (NEW.arguments::jsonb ->> 'amount')::numeric OR NEW.currency IS DISTINCT FROM
            NEW.arguments::jsonb ->> 'currency') THEN
            {_REFUSE} 'the amount is not that of the arguments'; END IF;
        RETURN NEW; """),
    Guard("handrail_action_state", "action", "UPDATE", more="given integer;", body=f"""
        {_WHO}
        IF NEW.decided_by IS DISTINCT FROM OLD.decided_by AND NEW.decided_by <> me THEN
            {_REFUSE} me || ' decides as ' || me; END IF;
        IF OLD.superseded_by IS NOT NULL AND NEW.superseded_by IS DISTINCT FROM OLD.superseded_by
            THEN {_REFUSE} 'it is superseded already'; END IF;
        IF NEW.state = OLD.state THEN RETURN NEW; END IF;
        IF NEW.state = 'approved' AND OLD.state = 'proposed' THEN
            SELECT count(DISTINCT operator) INTO given FROM decision WHERE action_id = OLD.id
                AND kind IN ('approve', 'edit') AND digest = OLD.digest AND spent_at IS NULL;
            IF given >= greatest(OLD.people_needed, 1) AND (OLD.role_needed IS NULL OR EXISTS (
                SELECT 1 FROM decision WHERE action_id = OLD.id AND kind IN ('approve', 'edit')
                AND digest = OLD.digest AND {_RANK.format("role")} >=
                {_RANK.format("OLD.role_needed")})) THEN RETURN NEW; END IF;
        ELSIF NEW.state = 'rejected' AND OLD.state IN ('proposed', 'approved') THEN
            IF EXISTS (SELECT 1 FROM decision WHERE action_id = OLD.id AND kind = 'reject'
                AND operator = me) THEN RETURN NEW; END IF;
        ELSIF NEW.state = 'withdrawn' AND OLD.state IN ('proposed', 'approved', 'stale') THEN
            RETURN NEW;
        ELSIF NEW.state IN ('executed', 'failed') AND OLD.state = 'unknown' THEN RETURN NEW;
        ELSIF NEW.state = 'undone' AND EXISTS (SELECT 1 FROM action WHERE undoes = OLD.id
            AND state IN ('executed', 'verified')) THEN RETURN NEW;
        END IF;
        {_REFUSE} 'action ' || OLD.id || ' is ' || OLD.state || ' and nothing decided makes it '
            || NEW.state; """),
    # The log tells of people under their own name, and of the agents by nobody but the worker.
    Guard("handrail_event", "event", "INSERT", more="d jsonb;", body=f"""
        {_WHO}
        d := NEW.data::jsonb;
        IF coalesce(d ->> 'by', me) <> me THEN
            {_REFUSE} me || ' writes into the log as ' || me; END IF;
        IF NEW.agent <> 'operator' AND NOT (NEW.agent = 'system'
            AND NEW.kind IN ('ticket.opened', 'message.received', 'survey.answered',
            'quality.checked', 'approval.reminded', 'reminder.failed')) THEN
            {_REFUSE} 'only the worker writes of the agents'; END IF;
        IF NEW.run_id IS NOT NULL OR NEW.step IS NOT NULL OR NEW.kind LIKE 'operator.%' THEN
            {_REFUSE} 'this is not for operators to log'; END IF;
        RETURN NEW; """),
    Guard("handrail_chain", "chain", "UPDATE", body=f"""
        {_WHO}
        IF NEW.id <> OLD.id OR NEW.position <= OLD.position THEN
            {_REFUSE} 'a chain only grows'; END IF;
        RETURN NEW; """),
    Guard("handrail_halt", "halt", "INSERT OR UPDATE", body=f"""
        {_WHO}
        IF (TG_OP = 'INSERT' AND NEW."by" <> me) OR coalesce(NEW.lifted_by, me) <> me
            OR (TG_OP = 'UPDATE' AND (NEW."by" <> OLD."by" OR NEW."at" <> OLD."at"
                OR NEW.action IS DISTINCT FROM OLD.action
                OR NEW.intent IS DISTINCT FROM OLD.intent)) THEN
            {_REFUSE} me || ' stops and goes on as ' || me; END IF;
        RETURN NEW; """),
    # What is to run alone is an admin's word; anybody who may decide can take it back.
    Guard("handrail_adopted_rule", "adopted_rule", "INSERT OR UPDATE", body=f"""
        {_WHO}
        IF TG_OP = 'INSERT' THEN
            IF my_role <> 'admin' OR NEW.adopted_by <> me OR NEW.revoked_at IS NOT NULL THEN
                {_REFUSE} my_role || ' may not adopt rules'; END IF;
        ELSIF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
            OR NEW.revoked_by IS DISTINCT FROM me OR to_jsonb(NEW) - ARRAY['revoked_at',
            'revoked_by', 'revoked_why', 'revoked_for'] <> to_jsonb(OLD) - ARRAY['revoked_at',
            'revoked_by', 'revoked_why', 'revoked_for'] THEN
            {_REFUSE} 'a rule is revoked, once, and no more'; END IF;
        RETURN NEW; """),
    Guard("handrail_quality_review", "quality_review", "INSERT", body=f"""
        {_WHO}
        IF NEW.operator <> me OR NEW.role IS DISTINCT FROM my_role THEN
            {_REFUSE} me || ' reviews as ' || me; END IF;
        RETURN NEW; """),
    Guard("handrail_answer_draft", "answer_draft", "INSERT OR UPDATE", body=f"""
        {_WHO}
        IF NEW.operator <> me OR (TG_OP = 'UPDATE' AND OLD.operator <> me) THEN
            {_REFUSE} me || ' keeps drafts as ' || me; END IF;
        RETURN NEW; """),
    Guard("handrail_setting", "setting", "UPDATE", body=f"""
        {_WHO}
        IF OLD.name <> 'measured_to' OR NEW.name <> OLD.name THEN
            {_REFUSE} 'only the owner changes settings'; END IF;
        RETURN NEW; """),
    # Who is removed, or only looks, writes nothing at all.
    *(
        Guard(f"handrail_{name}", name, "INSERT OR UPDATE", body=f"{_WHO} RETURN NEW;")
        for name in ("ticket", "message", "issue", "run", "handoff", "survey", "payload",
                     "ticket_fact", "measure_sum", "quality_check")
    ),
)  # fmt: skip
"""All of them."""

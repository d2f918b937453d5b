-- Admission, as functions of the database: each is one round trip and, under one lock a tenant, one step after another. That
-- lock is what makes counters, queues and controls agree at every instant; docs/decisions/0031 weighs it. They are replaced
-- whenever the schema is brought up to date, and call for no migration of their own. Those that each action calls keep their
-- plans: left to itself the planner makes some anew each time, which takes longer than all the rest of the statement.

CREATE OR REPLACE FUNCTION authority_lock(p_tenant text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1096111188, hashtext(p_tenant));
  RETURN true;
END $$;

-- Start of the UTC calendar window that holds a time; 0 for what is counted at once.
CREATE OR REPLACE FUNCTION authority_bucket(p_window text, p_at bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_window
    WHEN 'hour' THEN p_at - p_at % 3600000
    WHEN 'day' THEN p_at - p_at % 86400000
    WHEN 'month' THEN (extract(epoch FROM date_trunc('month', to_timestamp(p_at / 1000.0) AT TIME ZONE 'UTC')) * 1000)::bigint
    ELSE 0 END
$$;

-- What asks come to now: `used` and `asked` by key, `taken` if they were taken, `short` the keys that have no room.
-- An ask is { k key, w window, u units, l limit or null, p printed limit, o once an outcome, z of a general guardrail: whether it
-- is there only to be looked at }. A control `limit:<key>` stands in
-- for the contract's limit: it tightens what is printed, and says what is not.
CREATE OR REPLACE FUNCTION authority_room(p_tenant text, p_outcome text, p_asks jsonb, p_at bigint, p_behind text[], p_once boolean,
  OUT used jsonb, OUT asked jsonb, OUT taken jsonb, OUT once jsonb, OUT short text[]) LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  v_hour bigint := authority_bucket('hour', p_at);
  v_day bigint := authority_bucket('day', p_at);
  v_month bigint := authority_bucket('month', p_at);
  v_set jsonb;
BEGIN
  SELECT jsonb_object_agg(m.kind, m.value) INTO v_set FROM authority_controls m
  WHERE m.tenant = p_tenant AND m.scope = 'tenant' AND m.name = p_tenant AND m.kind >= 'limit:' AND m.kind < 'limit;';
  SELECT coalesce(jsonb_object_agg(x.k, CASE WHEN x.l IS NOT NULL AND x.u > 0 AND x.k = ANY(p_behind) THEN greatest(x.used, x.l) ELSE x.used END), '{}'),
    coalesce(jsonb_object_agg(x.k, x.u), '{}'),
    coalesce(jsonb_agg(jsonb_build_object('k', x.k, 'b', x.b, 'u', x.u)) FILTER (WHERE x.u > 0 AND NOT x.o), '[]'),
    coalesce(jsonb_agg(jsonb_build_object('k', x.k, 'b', x.b, 'u', x.u)) FILTER (WHERE x.u > 0 AND x.o), '[]'),
    coalesce(array_agg(x.k) FILTER (WHERE x.u > 0 AND x.l IS NOT NULL AND (x.used + x.u > x.l OR x.k = ANY(p_behind))), '{}')
  INTO authority_room.used, asked, taken, once, short
  FROM (
    SELECT a.k, a.b, a.o, coalesce(c.used, 0) AS used, CASE WHEN a.o AND p_once THEN 0 ELSE a.u END AS u,
      CASE WHEN v_set -> ('limit:' || a.k) IS NULL THEN a.l WHEN a.p IS NULL THEN (v_set ->> ('limit:' || a.k))::bigint
        ELSE least(a.p, (v_set ->> ('limit:' || a.k))::bigint) END AS l
    FROM (
      SELECT e.k, e.u, e.l, e.p, coalesce(e.o, false) AS o,
        CASE e.w WHEN 'hour' THEN v_hour WHEN 'day' THEN v_day WHEN 'month' THEN v_month ELSE 0 END AS b
      FROM jsonb_to_recordset(p_asks) AS e(k text, w text, u bigint, l bigint, p bigint, o boolean, z boolean)
      WHERE e.z IS NOT TRUE
    ) AS a
    LEFT JOIN authority_counters c ON c.tenant = p_tenant AND c.key = a.k AND c.bucket = a.b
  ) AS x;
END $$;

-- Adds units, or with -1 gives them back.
CREATE OR REPLACE FUNCTION authority_count(p_tenant text, p_units jsonb, p_sign int) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
  IF p_units = '[]' THEN RETURN; END IF;
  IF p_sign < 0 THEN
    UPDATE authority_counters AS c SET used = greatest(0, c.used + p_sign * t.u)
    FROM jsonb_to_recordset(p_units) AS t(k text, b bigint, u bigint) WHERE c.tenant = p_tenant AND c.key = t.k AND c.bucket = t.b;
  ELSE
    INSERT INTO authority_counters AS c (tenant, key, bucket, used)
    SELECT p_tenant, t.k, t.b, t.u FROM jsonb_to_recordset(p_units) AS t(k text, b bigint, u bigint)
    ON CONFLICT (tenant, key, bucket) DO UPDATE SET used = c.used + excluded.used;
  END IF;
END $$;

-- How long a grant that was told is kept for an outcome that does not ask, in milliseconds: longer than robots that died are away.
CREATE OR REPLACE FUNCTION authority_patience() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 60000::bigint';

-- And how long one is awaited that was let out of the queue as a probe; another may take its part without harm.
CREATE OR REPLACE FUNCTION authority_probe_patience() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 5000::bigint';

CREATE OR REPLACE FUNCTION authority_at_once(p_units jsonb, p_is boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_agg(t), '[]') FROM jsonb_array_elements(p_units) AS t WHERE ((t ->> 'b') = '0') = p_is
$$;

-- Whether a pause or a kill switch is on one who waits. Until it is lifted nothing becomes of it, and its patience stands still.
CREATE OR REPLACE FUNCTION authority_is_stopped(w authority_waiters) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM authority_controls c WHERE c.tenant = w.tenant AND c.kind IN ('pause', 'kill')
    AND (c.scope, c.name) IN (('tenant', w.tenant), ('domain', w.domain), ('runbook', w.runbook), ('automation', w.automation),
      ('outcome', w.outcome)))
$$;

-- An attempt whose time is over without a word executes no more, whatever became of its process or of its outcome: what it held
-- at once is given back, and the action asks for it again.
CREATE OR REPLACE FUNCTION authority_lost(p_tenant text, p_at bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  FOR r IN SELECT o.outcome, o.node, o.taken FROM barriers b JOIN authority_reservations o USING (tenant, outcome, node)
    WHERE b.tenant = p_tenant AND b.phase = 'acting' AND b.lease_until <= clock_timestamp() AND o.state = 'open' LOOP
    PERFORM authority_count(p_tenant, authority_at_once(r.taken, true), -1);
    UPDATE authority_reservations SET state = 'resting', taken = authority_at_once(r.taken, false), changed_at = p_at
    WHERE tenant = p_tenant AND outcome = r.outcome AND node = r.node;
  END LOOP;
  RETURN FOUND;
END $$;

-- Grants what waits, in the order of the queue, as far as there is room; nobody behind passes one who waits for the same key.
-- One that was told and does not ask, because its outcome is paused, leaves its units to the next and keeps its place.
CREATE OR REPLACE FUNCTION authority_release(p_tenant text, p_at bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  w authority_waiters%ROWTYPE;
  r authority_reservations%ROWTYPE;
  b authority_breakers%ROWTYPE;
  room record;
  v_behind text[] := '{}';
  v_left text[] := '{}';
  v_is_later boolean := false;
  v_is_day_full boolean := false;
  v_asks jsonb;
  v_told integer := 0;
BEGIN
  UPDATE authority_waiters AS q SET state = 'expired', told_at = NULL, wake = wake + 1
  WHERE q.tenant = p_tenant AND q.state = 'queued' AND q.expires_at <= p_at AND NOT authority_is_stopped(q);
  GET DIAGNOSTICS v_told = ROW_COUNT;
  FOR w IN SELECT * FROM authority_waiters WHERE tenant = p_tenant AND state = 'told' AND told_at + authority_patience() <= p_at LOOP
    PERFORM authority_give_back(p_tenant, w.outcome, w.node, p_at, '');
    UPDATE authority_waiters SET told_at = NULL WHERE tenant = p_tenant AND outcome = w.outcome AND node = w.node;
  END LOOP;
  FOR w IN SELECT * FROM authority_waiters WHERE tenant = p_tenant AND state = 'queued'
    AND (asks_again OR waits_for <> '{}' OR releases_at <= p_at) ORDER BY seq LOOP
    CONTINUE WHEN authority_is_stopped(w);
    SELECT * INTO b FROM authority_breakers WHERE tenant = p_tenant AND system = w.system;
    IF FOUND THEN
      IF greatest(b.retry_at, CASE WHEN b.state <> 'closed' THEN b.probe_at END) > p_at THEN
        -- A probe that comes to nothing must not leave the queue without a clock: the first of it has one.
        IF w.system <> ALL(v_left) THEN
          v_left := v_left || w.system;
          UPDATE authority_waiters SET releases_at = greatest(b.retry_at, CASE WHEN b.state <> 'closed' THEN b.probe_at END)
          WHERE tenant = p_tenant AND outcome = w.outcome AND node = w.node AND coalesce(releases_at <= p_at, true);
          v_is_later := v_is_later OR FOUND;
        END IF;
        CONTINUE;
      END IF;
    END IF;
    SELECT * INTO r FROM authority_reservations WHERE tenant = p_tenant AND outcome = w.outcome AND node = w.node;
    -- Between attempts it asks for what counts at once, and while one still executes for nothing: that one holds it.
    v_asks := CASE coalesce(r.state, '') WHEN 'open' THEN '[]' WHEN 'resting' THEN
      (SELECT coalesce(jsonb_agg(a), '[]') FROM jsonb_array_elements(w.asks) AS a WHERE a ->> 'w' = 'at_once') ELSE w.asks END;
    -- With the day full only who has its share of it can go.
    CONTINUE WHEN v_is_day_full AND r.state IS DISTINCT FROM 'resting' AND r.state IS DISTINCT FROM 'open';
    SELECT * INTO room FROM authority_room(p_tenant, w.outcome, v_asks, p_at, v_behind,
      EXISTS (SELECT FROM authority_reservations o WHERE o.tenant = p_tenant AND o.outcome = w.outcome AND o.node = ''));
    IF cardinality(room.short) > 0 THEN
      v_behind := v_behind || room.short;
      -- Every action asks for a slot: without room nobody behind can go.
      EXIT WHEN 'concurrent_executions' = ANY(v_behind);
      v_is_day_full := 'actions_per_day' = ANY(v_behind);
      CONTINUE;
    END IF;
    PERFORM authority_count(p_tenant, room.taken || room.once, 1);
    PERFORM authority_keep_once(p_tenant, w.outcome, room.once, p_at);
    INSERT INTO authority_reservations AS o (tenant, outcome, node, firing, state, automation, awf, taken, since, changed_at)
    VALUES (p_tenant, w.outcome, w.node, w.firing + 1, 'granted', w.automation, w.awf, room.taken, w.since, p_at)
    ON CONFLICT (tenant, outcome, node) DO UPDATE SET state = 'granted', firing = excluded.firing, changed_at = p_at,
      taken = CASE WHEN o.state = 'resting' THEN o.taken || excluded.taken ELSE excluded.taken END
    WHERE o.state <> 'open';
    UPDATE authority_waiters SET state = 'granted', wake = wake + 1, told_at = NULL, asks_again = false
    WHERE tenant = p_tenant AND outcome = w.outcome AND node = w.node;
    -- It is the probe, and has a while to ask as one.
    UPDATE authority_breakers SET state = 'half_open', probe = w.outcome || '#' || w.node, probe_at = p_at + authority_probe_patience()
    WHERE tenant = p_tenant AND system = w.system AND state <> 'closed';
    v_told := v_told + 1;
  END LOOP;
  IF v_told > 0 OR v_is_later THEN PERFORM pg_notify('authority', ''); END IF;
  RETURN v_told;
END $$;

-- What an outcome takes once is kept in a row of its own, so that its next action does not take it again.
CREATE OR REPLACE FUNCTION authority_keep_once(p_tenant text, p_outcome text, p_once jsonb, p_at bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_once <> '[]' THEN
    INSERT INTO authority_reservations (tenant, outcome, node, firing, state, awf, taken, since, changed_at)
    VALUES (p_tenant, p_outcome, '', 0, 'settled', '', p_once, p_at, p_at) ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- Asks to fire: everything that can hold an action is read, and its units are taken if nothing here does. What is asked for comes
-- as arrays, an element an ask: its key, the bucket of its window, units, limit, printed limit, whether it is taken once an outcome,
-- and of a general guardrail whether it is there only to be looked at. `p_taken` and `p_taken_once` are the same as they are kept.
-- It does what `authority_room` does for the queue. Each action that needs not wait comes this way and no other, so it says no more
-- than it must: the executor of the database takes longer to set up a statement, and each expression, than to run it.
CREATE OR REPLACE FUNCTION authority_admit(p_tenant text, p_outcome text, p_node text, p_firing int, p_at bigint,
  p_automation text, p_runbook text, p_domain text, p_awf text, p_system text, p_probe_ms bigint, p_taken jsonb, p_taken_once jsonb,
  p_keys text[], p_buckets bigint[], p_units bigint[], p_limits bigint[], p_printed bigint[], p_once boolean[], p_general boolean[])
RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  k record;
  v_found boolean;
  v_waits boolean;
  v_asking text := 'all';
  v_set jsonb;
  v_used jsonb;
  v_short text[];
  v_taken jsonb;
  v_stressed boolean := false;
  v_all boolean;
  v_behind text[] := '{}';
  v_breaker text := 'closed';
  v_me text := p_outcome || '#' || p_node;
  v_verdict text := 'go';
  v_is_released boolean := false;
BEGIN
  PERFORM authority_lock(p_tenant);
  LOOP
    -- All there is to know, in one statement behind the lock.
    SELECT r.state, r.firing, r.decision, r.since, w.outcome IS NOT NULL AS waits, w.firing AS w_firing, w.expires_at, w.seq,
      w.since AS w_since, w.patient_from, (SELECT phase FROM barriers WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node) AS phase,
      EXISTS (SELECT FROM authority_waiters q WHERE q.tenant = p_tenant AND q.state = 'queued') AS queue,
      EXISTS (SELECT FROM authority_reservations o WHERE o.tenant = p_tenant AND o.outcome = p_outcome AND o.node = '') AS once,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('s', c.scope, 'n', c.name, 'k', c.kind, 'v', c.value, 'b', c.by)), '[]')
        FROM (VALUES ('tenant', p_tenant), ('domain', p_domain), ('runbook', p_runbook), ('automation', p_automation),
          ('outcome', p_outcome), ('action', v_me), ('node', p_runbook || '/' || p_node)) AS of(scope, name)
        JOIN authority_controls c ON c.tenant = p_tenant AND c.scope = of.scope AND c.name = of.name) AS controls,
      (SELECT coalesce(jsonb_object_agg(m.scope, jsonb_build_array(m.successes, m.failures)), '{}') FROM authority_memory m
        WHERE m.tenant = p_tenant AND (m.scope = 'awf' AND m.name = p_awf OR m.scope = 'runbook' AND m.name = p_runbook)) AS memory,
      b.state AS b_state, b.probe, b.probe_at, b.retry_at, t.version, t.trust
    INTO k
    FROM (VALUES (true)) AS one
    LEFT JOIN authority_reservations r ON r.tenant = p_tenant AND r.outcome = p_outcome AND r.node = p_node
    LEFT JOIN authority_waiters w ON w.tenant = p_tenant AND w.outcome = p_outcome AND w.node = p_node
    LEFT JOIN authority_breakers b ON b.tenant = p_tenant AND b.system = p_system
    LEFT JOIN authority_tenants t ON t.tenant = p_tenant;
    -- Where an effect or a compensation came first the barrier has the answer, and nothing may be taken.
    IF k.state = 'settled' AND k.firing >= p_firing OR k.phase IN ('committed', 'undoing', 'undone', 'fenced') THEN
      IF k.waits THEN PERFORM authority_forget(p_tenant, p_outcome, p_node); END IF;
      RETURN jsonb_build_object('verdict', 'skip', 'decision', k.decision);
    END IF;
    v_waits := k.waits;
    IF v_waits AND k.expires_at <= p_at AND NOT (k.controls @> '[{"k": "pause"}]' OR k.controls @> '[{"k": "kill"}]') THEN
      IF p_firing <= k.w_firing + 1 THEN RETURN jsonb_build_object('verdict', 'expired', 'since', k.w_since); END IF;
      DELETE FROM authority_waiters WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
      CONTINUE;
    END IF;
    EXIT WHEN NOT k.queue OR v_is_released;
    -- A window may have ended that no timer has told of yet: those who wait go first.
    PERFORM authority_release(p_tenant, p_at);
    v_is_released := true;
  END LOOP;
  IF k.queue THEN
    SELECT coalesce(array_agg(DISTINCT x), '{}') INTO v_behind FROM authority_waiters q, unnest(q.waits_for) AS x
    WHERE q.tenant = p_tenant AND q.state = 'queued' AND (NOT v_waits OR q.seq < k.seq);
  END IF;
  v_found := coalesce(k.state <> 'settled', false);

  IF k.controls <> '[]' AND (k.controls @> '[{"k": "pause"}]' OR k.controls @> '[{"k": "kill"}]') THEN v_verdict := 'blocked'; END IF;
  IF k.b_state IS NOT NULL THEN
    IF k.retry_at > p_at THEN v_verdict := 'blocked'; END IF;
    IF k.b_state <> 'closed' THEN
      IF k.b_state = 'half_open' AND k.probe = v_me THEN v_breaker := 'half_open';
      ELSIF k.probe_at > p_at THEN v_breaker := 'open';
      ELSE v_breaker := 'half_open'; END IF;
      IF v_breaker = 'open' THEN v_verdict := 'blocked'; END IF;
    END IF;
  END IF;

  IF v_found THEN v_asking := CASE k.state WHEN 'resting' THEN 'at_once' ELSE 'none' END; END IF;
  IF v_found OR k.once AND p_taken_once IS NOT NULL THEN
    p_units := ARRAY(SELECT CASE WHEN v_asking = 'none' OR v_asking = 'at_once' AND a.b <> 0 OR a.o AND k.once THEN 0 ELSE a.u END
      FROM unnest(p_units, p_buckets, p_once) WITH ORDINALITY AS a(u, b, o, n) ORDER BY a.n);
  END IF;
  IF k.controls <> '[]' AND k.controls @> '[{"s": "tenant"}]' THEN
    SELECT jsonb_object_agg(c ->> 'k', c -> 'v') INTO v_set FROM jsonb_array_elements(k.controls) AS c
    WHERE c ->> 's' = 'tenant' AND starts_with(c ->> 'k', 'limit:');
    IF v_set IS NOT NULL THEN
      p_limits := ARRAY(SELECT CASE WHEN v_set -> ('limit:' || a.k) IS NULL THEN a.l
          WHEN a.p IS NULL THEN (v_set ->> ('limit:' || a.k))::bigint ELSE least(a.p, (v_set ->> ('limit:' || a.k))::bigint) END
        FROM unnest(p_keys, p_limits, p_printed) WITH ORDINALITY AS a(k, l, p, n) ORDER BY a.n);
    END IF;
  END IF;
  LOOP
    v_all := v_stressed;
    SELECT jsonb_object_agg(x.k, CASE WHEN x.l IS NOT NULL AND x.u > 0 AND x.k = ANY(v_behind) THEN greatest(x.used, x.l) ELSE x.used END),
      array_agg(x.k) FILTER (WHERE x.u > 0 AND x.l IS NOT NULL AND (x.used + x.u > x.l OR x.k = ANY(v_behind))),
      coalesce(bool_and(x.used + x.u >= 0.5 * x.l) FILTER (WHERE x.z IS NOT NULL), true)
    INTO v_used, v_short, v_stressed
    FROM (
      SELECT a.k, a.u, a.l, a.z, coalesce(c.used, 0) AS used
      FROM unnest(p_keys, p_buckets, p_units, p_limits, p_general) AS a(k, b, u, l, z)
      LEFT JOIN authority_counters c ON c.tenant = p_tenant AND c.key = a.k AND c.bucket = a.b
      WHERE v_all OR a.z IS NOT TRUE
    ) AS x;
    -- The others are looked at only where they can matter: while every limit that this asks of is well used.
    EXIT WHEN v_all OR NOT v_stressed;
  END LOOP;
  IF v_short IS NOT NULL THEN v_verdict := 'blocked'; END IF;

  IF v_verdict = 'go' THEN
    IF v_asking = 'all' THEN
      v_taken := p_taken;
      IF p_taken_once IS NOT NULL AND NOT k.once THEN PERFORM authority_keep_once(p_tenant, p_outcome, p_taken_once, p_at); END IF;
    ELSE
      v_taken := CASE v_asking WHEN 'at_once' THEN authority_at_once(p_taken, true) ELSE '[]' END;
    END IF;
    IF v_asking <> 'none' THEN
      INSERT INTO authority_counters AS c (tenant, key, bucket, used)
      SELECT p_tenant, a.k, a.b, a.u FROM unnest(p_keys, p_buckets, p_units) AS a(k, b, u) WHERE a.u > 0
      ON CONFLICT (tenant, key, bucket) DO UPDATE SET used = c.used + excluded.used;
    END IF;
    IF v_found THEN
      UPDATE authority_reservations SET state = 'open', firing = p_firing, taken = taken || v_taken, changed_at = p_at
      WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
    ELSE
      INSERT INTO authority_reservations AS o (tenant, outcome, node, firing, state, automation, awf, taken, since, changed_at)
      VALUES (p_tenant, p_outcome, p_node, p_firing, 'open', p_automation, p_awf, v_taken, coalesce(k.w_since, p_at), p_at)
      ON CONFLICT (tenant, outcome, node) DO UPDATE SET firing = p_firing, state = 'open', taken = excluded.taken, changed_at = p_at;
    END IF;
    IF v_waits THEN DELETE FROM authority_waiters WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node; END IF;
    IF v_breaker = 'half_open' THEN
      UPDATE authority_breakers SET state = 'half_open', probe = v_me, probe_at = p_at + p_probe_ms
      WHERE tenant = p_tenant AND system = p_system;
    END IF;
  END IF;
  RETURN jsonb_build_object('verdict', v_verdict, 'version', coalesce(k.version, 0), 'trust', k.trust, 'controls', k.controls,
    'memory', k.memory, 'used', coalesce(v_used, '{}'), 'asking', v_asking, 'once', k.once, 'short', coalesce(to_jsonb(v_short), '[]'),
    'since', coalesce(CASE WHEN v_found THEN k.since END, k.w_since, p_at), 'seq', k.seq, 'patientFrom', k.patient_from,
    'breaker', v_breaker, 'retryAt', k.retry_at, 'probeAt', k.probe_at);
END $$;

-- Puts an action among those that wait, and gives back what it had taken. What came free meanwhile is granted at once.
CREATE OR REPLACE FUNCTION authority_hold(p_tenant text, p_outcome text, p_node text, p_firing int, p_at bigint, p_holder text,
  p_scope jsonb, p_asks jsonb, p_hold jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_due bigint := least((p_hold ->> 'releasesAt')::bigint, (p_hold ->> 'expiresAt')::bigint);
BEGIN
  PERFORM authority_lock(p_tenant);
  PERFORM authority_give_back(p_tenant, p_outcome, p_node, p_at, p_holder);
  IF p_hold ? 'stopped' THEN
    -- What stops an automation stays, past the hour that it was counted in, until a person resumes it.
    INSERT INTO authority_controls (tenant, scope, name, kind, value, by, reason, at)
    VALUES (p_tenant, 'automation', p_scope ->> 'automation', 'stopped', p_hold -> 'stopped', 'engine', p_hold ->> 'because', p_at)
    ON CONFLICT DO NOTHING;
  END IF;
  IF p_hold -> 'waitsFor' <> '[]' OR NOT EXISTS (SELECT FROM authority_waiters WHERE tenant = p_tenant AND state = 'queued'
    AND (outcome, node) <> (p_outcome, p_node) AND CASE WHEN releases_at > p_at THEN releases_at ELSE expires_at END <= v_due) THEN
    -- Nobody may have a clock that rings so early, or that rings when an attempt that holds the room is lost.
    PERFORM pg_notify('authority', p_tenant);
  END IF;
  INSERT INTO authority_waiters AS w (tenant, outcome, node, firing, state, automation, runbook, domain, system, awf, causes, because,
    waits_for, asks, since, releases_at, expires_at, asks_again, seq)
  VALUES (p_tenant, p_outcome, p_node, p_firing, 'queued', p_scope ->> 'automation', p_scope ->> 'runbook', p_scope ->> 'domain',
    p_scope ->> 'system', p_scope ->> 'awf', ARRAY(SELECT jsonb_array_elements_text(p_hold -> 'causes')), p_hold ->> 'because',
    ARRAY(SELECT jsonb_array_elements_text(p_hold -> 'waitsFor')), p_asks, (p_hold ->> 'since')::bigint,
    (p_hold ->> 'releasesAt')::bigint, (p_hold ->> 'expiresAt')::bigint,
    (p_hold ->> 'version')::int <> coalesce((SELECT version FROM authority_tenants WHERE tenant = p_tenant), 0),
    -- One that was let out of the queue and is held again keeps its place.
    coalesce((p_hold ->> 'seq')::bigint, nextval(pg_get_serial_sequence('authority_waiters', 'seq'))))
  ON CONFLICT (tenant, outcome, node) DO UPDATE SET firing = excluded.firing, state = 'queued', causes = excluded.causes,
    because = excluded.because, waits_for = excluded.waits_for, asks = excluded.asks, releases_at = excluded.releases_at,
    expires_at = excluded.expires_at,
    asks_again = excluded.asks_again, told_at = NULL;
  PERFORM authority_release(p_tenant, p_at);
END $$;

-- Undoes an admission under which nothing was asked of any system; what earlier attempts took stays taken.
CREATE OR REPLACE FUNCTION authority_give_back(p_tenant text, p_outcome text, p_node text, p_at bigint, p_holder text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  r authority_reservations%ROWTYPE;
  v_once jsonb;
BEGIN
  DELETE FROM barriers WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND holder = p_holder AND attempt = 1
    AND phase = 'acting';
  UPDATE barriers SET phase = 'failed', lease_until = clock_timestamp()
  WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND holder = p_holder AND phase = 'acting';
  SELECT * INTO r FROM authority_reservations WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
  IF NOT FOUND OR r.state NOT IN ('open', 'granted') THEN RETURN; END IF;
  -- Another attempt still executes: what it holds is given back when it ends, and until then it is in flight.
  IF r.state = 'open' AND EXISTS (SELECT FROM barriers WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node
    AND phase = 'acting' AND holder <> p_holder AND lease_until > clock_timestamp()) THEN RETURN; END IF;
  IF EXISTS (SELECT FROM barriers WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node) THEN
    PERFORM authority_count(p_tenant, authority_at_once(r.taken, true), -1);
    UPDATE authority_reservations SET state = 'resting', taken = authority_at_once(r.taken, false), changed_at = p_at
    WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
  ELSE
    PERFORM authority_count(p_tenant, r.taken, -1);
    DELETE FROM authority_reservations WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
    -- An outcome of which nothing has fired counts as none: whoever lets it fire later takes its share of that day.
    IF NOT EXISTS (SELECT FROM authority_reservations WHERE tenant = p_tenant AND outcome = p_outcome AND node <> '') THEN
      DELETE FROM authority_reservations WHERE tenant = p_tenant AND outcome = p_outcome AND node = '' RETURNING taken INTO v_once;
      IF FOUND THEN PERFORM authority_count(p_tenant, v_once, -1); END IF;
    END IF;
  END IF;
END $$;

-- It waits no more: it was denied, or another way was found.
CREATE OR REPLACE FUNCTION authority_forget(p_tenant text, p_outcome text, p_node text) RETURNS void LANGUAGE sql AS $$
  DELETE FROM authority_waiters WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node
$$;

-- An attempt has ended. `p_end`: { how: done | again | failed, firing, runbook, system, call: ok | error | none, retryAt,
-- breaker: { share, windowMs, fewest, probeMs }, trust: figures or null, costs: [{ k, w, u, l, p }], decision }. A real cost that
-- takes a counter past its limit is a breach of that guardrail: it is marked, for the rules to fold into the ledger of trust.
-- Whoever calls it holds the tenant's lock.
CREATE OR REPLACE FUNCTION authority_settle(p_tenant text, p_outcome text, p_node text, p_at bigint, p_end jsonb) RETURNS boolean
LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  r record;
  v_how text := p_end ->> 'how';
  v_failed int := (v_how = 'failed')::int;
  v_ends text[] := CASE v_how WHEN 'failed' THEN ARRAY['finished:', 'failed:'] ELSE ARRAY['finished:'] END;
  v_is_well boolean := p_end ->> 'call' = 'ok' AND p_end ->> 'retryAt' IS NULL;
  v_window bigint := p_end #>> '{breaker,windowMs}';
  -- After how many successes in a row trust grows; null where this moves no trust.
  v_streak int := p_end #>> '{trust,streak}';
  v_is_heard boolean := false;
BEGIN
  IF v_how = 'again' THEN
    SELECT taken INTO r FROM authority_reservations
    WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND state IN ('open', 'granted', 'resting');
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM authority_count(p_tenant, authority_at_once(r.taken, true), -1);
    UPDATE authority_reservations SET state = 'resting', taken = authority_at_once(taken, false), decision = p_end ->> 'decision',
      changed_at = p_at
    WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node;
  ELSE
    -- What every action changes when it ends, in one statement. A call that went well of a system that is well, and a success that
    -- moves nothing of trust but its counts, are told apart here: they are by far the most.
    WITH o AS (
      UPDATE authority_reservations SET state = 'settled', decision = p_end ->> 'decision', changed_at = p_at
      WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND state IN ('open', 'granted', 'resting')
      RETURNING automation, awf, taken
    ), freed AS (
      UPDATE authority_counters AS c SET used = greatest(0, c.used - t.u) FROM o, jsonb_to_recordset(o.taken) AS t(k text, b bigint, u bigint)
      WHERE t.b = 0 AND c.tenant = p_tenant AND c.key = t.k AND c.bucket = 0
    ), ended AS (
      INSERT INTO authority_counters AS c (tenant, key, bucket, used)
      SELECT p_tenant, x.k || o.automation, p_at - p_at % 3600000, 1 FROM o, unnest(v_ends) AS x(k) WHERE o.automation IS NOT NULL
      ON CONFLICT (tenant, key, bucket) DO UPDATE SET used = c.used + 1
    ), memory AS (
      INSERT INTO authority_memory AS m (tenant, scope, name, successes, failures)
      SELECT p_tenant, x.scope, coalesce(x.name, o.awf), 1 - v_failed, v_failed
      FROM o, (VALUES ('awf', NULL), ('runbook', p_end ->> 'runbook')) AS x(scope, name)
      ON CONFLICT (tenant, scope, name) DO UPDATE SET successes = m.successes + excluded.successes, failures = m.failures + excluded.failures
    ), heard AS (
      UPDATE authority_breakers AS b SET calls = calls + 1 FROM o
      WHERE b.tenant = p_tenant AND b.system = p_end ->> 'system' AND b.state = 'closed' AND v_is_well
        AND p_at - b.window_from <= v_window
      RETURNING true
    ), trusted AS (
      UPDATE authority_tenants AS t SET trust = t.trust || jsonb_build_object('successes', (t.trust -> 'successes')::int + 1,
        'streak', (t.trust -> 'streak')::int + 1, 'lastActiveAt', p_at) FROM o
      WHERE t.tenant = p_tenant AND v_failed = 0 AND (t.trust -> 'streak')::int + 1 < v_streak
        AND jsonb_typeof(t.trust -> 'since') = 'number' AND p_at - nullif(t.trust -> 'lastActiveAt', 'null')::bigint BETWEEN 0 AND 86400000
      RETURNING true
    )
    SELECT EXISTS (SELECT FROM heard) AS heard, EXISTS (SELECT FROM trusted) AS trusted INTO r FROM o;
    IF NOT FOUND THEN RETURN false; END IF;
    IF v_streak IS NOT NULL AND NOT r.trusted THEN PERFORM authority_trust(p_tenant, p_at, v_failed = 1, p_end -> 'trust'); END IF;
    v_is_heard := r.heard;
  END IF;
  IF p_end ? 'costs' THEN
    INSERT INTO authority_counters AS c (tenant, key, bucket, used)
    SELECT p_tenant, x.k, authority_bucket(x.w, p_at), greatest(0, x.u) FROM jsonb_to_recordset(p_end -> 'costs') AS x(k text, w text, u bigint)
    ON CONFLICT (tenant, key, bucket) DO UPDATE SET used = greatest(0, c.used + (SELECT x.u
      FROM jsonb_to_recordset(p_end -> 'costs') AS x(k text, w text, u bigint) WHERE x.k = c.key));
    PERFORM authority_breaches(p_tenant, p_end -> 'costs', p_at);
  END IF;
  IF NOT v_is_heard THEN PERFORM authority_heard(p_tenant, p_at, p_end, p_outcome || '#' || p_node); END IF;
  IF EXISTS (SELECT FROM authority_waiters WHERE tenant = p_tenant AND state = 'queued') THEN
    -- One that had to wait while an attempt of it executed still has its answer: nobody waits there any more.
    IF v_how = 'done' THEN PERFORM authority_forget(p_tenant, p_outcome, p_node); END IF;
    -- Stress is judged anew by whoever asks; what ended may have made room.
    UPDATE authority_waiters SET asks_again = true WHERE tenant = p_tenant AND state = 'queued' AND 'priority-mode' = ANY(causes);
    PERFORM authority_release(p_tenant, p_at);
  END IF;
  RETURN true;
END $$;

-- Marks the counters that these costs took past their limits.
CREATE OR REPLACE FUNCTION authority_breaches(p_tenant text, p_costs jsonb, p_at bigint) RETURNS void LANGUAGE sql AS $$
  INSERT INTO authority_controls (tenant, scope, name, kind, value, by, reason, at)
  SELECT p_tenant, 'tenant', p_tenant, 'breach:' || x.k, to_jsonb(x.used), 'engine', 'its real cost went past the limit', p_at
  FROM (
    SELECT a.k, a.u, c.used, CASE WHEN m.value IS NULL THEN a.l WHEN a.p IS NULL THEN (m.value #>> '{}')::bigint
      ELSE least(a.p, (m.value #>> '{}')::bigint) END AS l
    FROM jsonb_to_recordset(p_costs) AS a(k text, w text, u bigint, l bigint, p bigint)
    JOIN authority_counters c ON c.tenant = p_tenant AND c.key = a.k AND c.bucket = authority_bucket(a.w, p_at)
    LEFT JOIN authority_controls m ON m.tenant = p_tenant AND m.scope = 'tenant' AND m.name = p_tenant AND m.kind = 'limit:' || a.k
  ) AS x
  WHERE x.u > 0 AND x.used > x.l AND x.used - x.u <= x.l
  ON CONFLICT (tenant, scope, name, kind) DO UPDATE SET value = excluded.value, at = excluded.at
$$;

-- Counts a call of a system, opens its breaker when too many failed, and closes it when a probe came through.
CREATE OR REPLACE FUNCTION authority_heard(p_tenant text, p_at bigint, p_end jsonb, p_me text) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  b authority_breakers%ROWTYPE;
  f jsonb := p_end -> 'breaker';
  v_bad int := (p_end ->> 'call' = 'error')::int;
  v_system text := p_end ->> 'system';
BEGIN
  IF p_end ->> 'call' = 'none' AND p_end ->> 'retryAt' IS NULL THEN
    -- The probe ended without a word of its system: the next one may go.
    UPDATE authority_breakers SET probe = NULL, probe_at = p_at WHERE tenant = p_tenant AND system = v_system AND probe = p_me;
    RETURN;
  END IF;
  INSERT INTO authority_breakers AS x (tenant, system, state, window_from, calls, failures)
  VALUES (p_tenant, v_system, 'closed', p_at, 0, 0) ON CONFLICT DO NOTHING;
  SELECT * INTO b FROM authority_breakers WHERE tenant = p_tenant AND system = v_system;
  IF p_at - b.window_from > (f ->> 'windowMs')::bigint THEN
    b.window_from := p_at; b.calls := 0; b.failures := 0;
  END IF;
  b.calls := b.calls + (p_end ->> 'call' <> 'none')::int;
  b.failures := b.failures + v_bad;
  b.retry_at := greatest(b.retry_at, (p_end ->> 'retryAt')::bigint);
  IF b.state = 'closed' AND v_bad = 1 AND b.calls >= (f ->> 'fewest')::int AND b.failures > (f ->> 'share')::float8 * b.calls THEN
    b.state := 'open'; b.probe_at := p_at + (f ->> 'probeMs')::bigint; b.probe := NULL;
  ELSIF b.state = 'half_open' AND b.probe = p_me THEN
    IF v_bad = 1 OR p_end ->> 'call' = 'none' THEN
      b.state := 'open'; b.probe_at := p_at + (f ->> 'probeMs')::bigint; b.probe := NULL;
    ELSE
      b.state := 'closed'; b.probe_at := NULL; b.probe := NULL; b.window_from := p_at; b.calls := 0; b.failures := 0;
      UPDATE authority_waiters SET asks_again = true WHERE tenant = p_tenant AND state = 'queued' AND 'system:' || v_system = ANY(causes);
    END IF;
  END IF;
  UPDATE authority_breakers SET state = b.state, window_from = b.window_from, calls = b.calls, failures = b.failures,
    probe_at = b.probe_at, probe = b.probe, retry_at = b.retry_at WHERE tenant = p_tenant AND system = v_system;
END $$;

-- One success or moderate failure in the trust ledger; `src/governance/trust.ts` is the definition, and a test holds the two together.
CREATE OR REPLACE FUNCTION authority_trust(p_tenant text, p_at bigint, p_bad boolean, f jsonb) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
  l jsonb;
  v_last bigint;
  v_at bigint;
  v_score float8;
  v_streak int;
BEGIN
  SELECT coalesce(trust, f -> 'fresh') INTO l FROM authority_tenants WHERE tenant = p_tenant;
  IF NOT FOUND THEN
    INSERT INTO authority_tenants (tenant) VALUES (p_tenant) ON CONFLICT DO NOTHING;
    l := f -> 'fresh';
  END IF;
  v_last := (l ->> 'lastActiveAt')::bigint;
  v_at := greatest(p_at, coalesce(v_last, p_at));
  v_score := authority_share((l ->> 'score')::float8 * power((f ->> 'idleFactor')::float8, CASE WHEN v_last IS NULL THEN 0 ELSE
    greatest(0, ceil((v_at - v_last)::float8 / (greatest(1, (f ->> 'idleDays')::float8) * 86400000)) - 1) END));
  IF p_bad THEN
    l := l || jsonb_build_object('failures', (l ->> 'failures')::int + 1, 'streak', 0,
      'score', authority_share(v_score * (f ->> 'moderateFactor')::float8));
  ELSE
    v_streak := (l ->> 'streak')::int + 1;
    IF v_streak >= (f ->> 'streak')::int THEN
      v_streak := 0;
      v_score := authority_share(greatest(v_score, least((f ->> 'cap')::float8, v_score + (f ->> 'gain')::float8)));
    END IF;
    l := l || jsonb_build_object('successes', (l ->> 'successes')::int + 1, 'streak', v_streak, 'score', v_score);
  END IF;
  UPDATE authority_tenants SET trust = l || jsonb_build_object('since', coalesce((l ->> 'since')::bigint, v_at), 'lastActiveAt', v_at)
  WHERE tenant = p_tenant;
END $$;

CREATE OR REPLACE FUNCTION authority_share(p_value float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT least(1, greatest(0, floor(p_value * 1e9 + 0.5) / 1e9))
$$;

-- Nobody waits any more: the outcome is over, or went another way.
CREATE OR REPLACE FUNCTION authority_abandon(p_tenant text, p_outcome text, p_node text, p_firing int, p_wake int,
  p_at bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM authority_lock(p_tenant);
  DELETE FROM authority_waiters WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND firing = p_firing
    AND wake = p_wake AND state IN ('granted', 'expired');
  IF NOT FOUND THEN RETURN; END IF;
  IF EXISTS (SELECT FROM authority_reservations WHERE tenant = p_tenant AND outcome = p_outcome AND node = p_node AND state = 'granted') THEN
    PERFORM authority_give_back(p_tenant, p_outcome, p_node, p_at, '');
  END IF;
  PERFORM authority_release(p_tenant, p_at);
END $$;

-- Whether an act of control over this concerns one who waits.
CREATE OR REPLACE FUNCTION authority_touches(w authority_waiters, p_scope text, p_name text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE p_scope
    WHEN 'tenant' THEN true
    WHEN 'domain' THEN w.domain = p_name
    WHEN 'runbook' THEN w.runbook = p_name
    WHEN 'automation' THEN w.automation = p_name
    WHEN 'outcome' THEN w.outcome = p_name
    WHEN 'action' THEN w.outcome || '#' || w.node = p_name
    WHEN 'node' THEN w.runbook || '/' || w.node = p_name
    ELSE false END
$$;

-- The last word of an act of control; null takes it away. Whoever it touches asks again, in the order of the queue.
CREATE OR REPLACE FUNCTION authority_control(p_tenant text, p_scope text, p_name text, p_kind text, p_value jsonb, p_by text,
  p_reason text, p_at bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  w authority_waiters%ROWTYPE;
BEGIN
  PERFORM authority_lock(p_tenant);
  PERFORM authority_lost(p_tenant, p_at);
  IF p_value IS NULL THEN
    DELETE FROM authority_controls WHERE tenant = p_tenant AND scope = p_scope AND name = p_name AND kind = p_kind;
  ELSE
    INSERT INTO authority_controls AS c (tenant, scope, name, kind, value, by, reason, at)
    VALUES (p_tenant, p_scope, p_name, p_kind, p_value, p_by, p_reason, p_at)
    ON CONFLICT (tenant, scope, name, kind) DO UPDATE SET value = excluded.value, by = excluded.by, reason = excluded.reason, at = excluded.at;
  END IF;
  IF p_scope = 'automation' AND p_kind = 'pause' AND p_value IS NULL THEN
    -- Who resumes an automation has looked into its failures: their share is judged anew from here.
    DELETE FROM authority_counters WHERE tenant = p_tenant AND key IN ('failed:' || p_name, 'finished:' || p_name);
    DELETE FROM authority_controls WHERE tenant = p_tenant AND scope = p_scope AND name = p_name AND kind = 'stopped';
  END IF;
  INSERT INTO authority_tenants AS t (tenant, version) VALUES (p_tenant, 1) ON CONFLICT (tenant) DO UPDATE SET version = t.version + 1;
  IF p_kind IN ('pause', 'kill') AND p_value IS NOT NULL THEN
    -- Whom a release has reached only on paper is back in the queue, at its place: nobody is told to ask in vain.
    FOR w IN SELECT * FROM authority_waiters o WHERE o.tenant = p_tenant AND o.state = 'granted' AND authority_touches(o, p_scope, p_name) LOOP
      PERFORM authority_give_back(p_tenant, w.outcome, w.node, p_at, '');
      UPDATE authority_waiters SET state = 'queued', told_at = NULL WHERE tenant = p_tenant AND outcome = w.outcome AND node = w.node;
    END LOOP;
  END IF;
  UPDATE authority_waiters AS o SET asks_again = true
  WHERE o.tenant = p_tenant AND o.state = 'queued' AND authority_touches(o, p_scope, p_name);
  IF p_kind IN ('pause', 'kill') AND p_value IS NULL THEN
    -- Its time stood still: whatever it waits for besides, it waits from here on as long as it would have from the first.
    UPDATE authority_waiters AS o SET patient_from = p_at, expires_at = p_at + o.expires_at - coalesce(o.patient_from, o.since)
    WHERE o.tenant = p_tenant AND o.state = 'queued' AND authority_touches(o, p_scope, p_name) AND NOT authority_is_stopped(o);
  END IF;
  IF p_scope = 'action' AND p_value ->> 'decision' = 'rejected' OR p_kind = 'policy' THEN
    -- What is discarded needs no room to hear so: it asks, takes nothing and is denied. By another configuration each limit may be
    -- another, and what is kept here of what they ask for is by the one before: all ask anew, and take their places again.
    UPDATE authority_waiters AS o SET state = 'granted', wake = wake + 1, told_at = NULL, asks_again = false
    WHERE o.tenant = p_tenant AND o.state = 'queued' AND (p_kind = 'policy' OR authority_touches(o, p_scope, p_name))
      AND NOT (p_kind = 'policy' AND authority_is_stopped(o));
    IF FOUND THEN PERFORM pg_notify('authority', p_tenant); END IF;
  END IF;
  PERFORM authority_release(p_tenant, p_at);
END $$;

-- Trust that was earned elsewhere stands in for the tenant's own, and says so. Everybody asks again.
CREATE OR REPLACE FUNCTION authority_import_trust(p_tenant text, p_ledger jsonb, p_memory jsonb, p_label jsonb,
  p_at bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM authority_lock(p_tenant);
  INSERT INTO authority_tenants AS t (tenant, version, trust, trust_imported) VALUES (p_tenant, 1, p_ledger, p_label)
  ON CONFLICT (tenant) DO UPDATE SET version = t.version + 1, trust = p_ledger, trust_imported = p_label;
  INSERT INTO authority_memory (tenant, scope, name, successes, failures)
  SELECT p_tenant, m.scope, m.name, m.successes, m.failures
  FROM jsonb_to_recordset(p_memory) AS m(scope text, name text, successes float8, failures float8)
  ON CONFLICT (tenant, scope, name) DO UPDATE SET successes = excluded.successes, failures = excluded.failures;
  UPDATE authority_waiters SET asks_again = true WHERE tenant = p_tenant AND state = 'queued';
  PERFORM authority_release(p_tenant, p_at);
END $$;

-- An attempt that left no record and is undone will never be settled by itself: what it held at once is given back here.
CREATE OR REPLACE FUNCTION authority_undone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r authority_reservations%ROWTYPE;
  v_at bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
BEGIN
  PERFORM authority_lock(NEW.tenant);
  SELECT * INTO r FROM authority_reservations WHERE tenant = NEW.tenant AND outcome = NEW.outcome AND node = NEW.node AND state = 'open';
  IF FOUND THEN
    PERFORM authority_count(NEW.tenant, authority_at_once(r.taken, true), -1);
    UPDATE authority_reservations SET state = 'settled', taken = authority_at_once(r.taken, false), changed_at = v_at
    WHERE tenant = NEW.tenant AND outcome = NEW.outcome AND node = NEW.node;
    PERFORM authority_release(NEW.tenant, v_at);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER authority_undone AFTER UPDATE OF phase ON barriers FOR EACH ROW
WHEN (OLD.phase = 'acting' AND NEW.phase IN ('undoing', 'fenced')) EXECUTE FUNCTION authority_undone();

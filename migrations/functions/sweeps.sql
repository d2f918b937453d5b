-- What is done for all tenants at once. These functions are the owner's, and a policy of its own lets the owner see the rows
-- they go through; whoever calls them is told names and instants, and no row.

-- Who is owed a message, fair between tenants: one of each before the second of any. A row that another claims at this instant is
-- passed over; after p_lapse a claim may be taken again.
CREATE OR REPLACE FUNCTION sweep_claim(p_at bigint, p_lapse bigint, p_limit int)
RETURNS TABLE (tenant text, outcome text, node text, firing int, wake int) LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  WITH open AS (
    SELECT w.tenant, w.outcome, w.node, w.seq FROM authority_waiters w
    WHERE w.state IN ('granted', 'expired') AND coalesce(w.told_at + p_lapse <= p_at, true)
    FOR UPDATE SKIP LOCKED
  ), fair AS (
    SELECT *, row_number() OVER (PARTITION BY o.tenant ORDER BY o.seq) AS turn FROM open o ORDER BY turn, o.seq LIMIT p_limit
  ), claimed AS (
    UPDATE authority_waiters w SET told_at = p_at FROM fair f
    WHERE w.tenant = f.tenant AND w.outcome = f.outcome AND w.node = f.node
    RETURNING w.tenant, w.outcome, w.node, w.firing, w.wake, f.turn, w.seq
  )
  SELECT c.tenant, c.outcome, c.node, c.firing, c.wake FROM claimed c ORDER BY c.turn, c.seq
$$;

-- Tenants in which time has released something, or ended a wait or an attempt that left no word.
CREATE OR REPLACE FUNCTION sweep_due_tenants(p_at bigint) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  SELECT tenant FROM authority_waiters
  WHERE state = 'queued' AND (releases_at <= p_at OR expires_at <= p_at)
    OR state = 'told' AND told_at + authority_patience() <= p_at
  UNION SELECT b.tenant FROM barriers b JOIN authority_reservations o USING (tenant, outcome, node)
  WHERE b.phase = 'acting' AND b.lease_until <= clock_timestamp() AND o.state = 'open'
  ORDER BY tenant
$$;

-- The next instant at which time releases something that waits, or a claim lapses; what is past waits for something else.
CREATE OR REPLACE FUNCTION sweep_next_due(p_at bigint, p_lapse bigint) RETURNS float8 LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  SELECT min(at)::float8 FROM (
    SELECT releases_at AS at FROM authority_waiters WHERE state = 'queued' AND releases_at > p_at
    UNION ALL SELECT expires_at FROM authority_waiters WHERE state = 'queued' AND expires_at > p_at
    UNION ALL SELECT p_at + ceil(extract(epoch FROM min(lease_until) - clock_timestamp()) * 1000) + 1 FROM barriers
      WHERE phase = 'acting' AND lease_until > clock_timestamp()
    UNION ALL SELECT told_at + authority_patience() FROM authority_waiters WHERE state = 'told'
    UNION ALL SELECT told_at + p_lapse FROM authority_waiters WHERE state IN ('granted', 'expired')) AS next
$$;

-- Answers whose day is over, a few at a time, so that the table shrinks and nobody waits for it.
CREATE OR REPLACE FUNCTION sweep_answers(p_limit int) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  v_gone integer;
BEGIN
  DELETE FROM kept_answers WHERE (tenant, caller, key) IN (
    SELECT tenant, caller, key FROM kept_answers WHERE created_at < now() - interval '1 day'
    ORDER BY created_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS v_gone = ROW_COUNT;
  RETURN v_gone;
END $$;

-- Tenants that have a notice to be spread or a delivery to be tried.
CREATE OR REPLACE FUNCTION sweep_notice_tenants() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  SELECT tenant FROM notices WHERE spread_at IS NULL
  UNION SELECT tenant FROM notice_deliveries
  WHERE state = 'waiting' AND due_at <= now() AND coalesce(claimed_until <= now(), true)
$$;

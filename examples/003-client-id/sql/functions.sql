-- The three utility functions of runbook 003. All run with the caller's rights, and none can be led astray by the
-- caller's search_path (trap T3.10): names are written out, and the path is pinned with the temporary schema last.
-- Their bodies are texts, bound at run time: they may be created before and dropped after the tables they read.

-- The user's organisation, or null. A user may be a member of several; the newest membership counts, so that founding
-- or joining an organisation takes the user there.
CREATE OR REPLACE FUNCTION public.get_user_organization_id(p_user_id uuid) RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY INVOKER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT m.organization_id
          FROM public.user_organizations AS m
          JOIN public.organizations AS o ON o.id = m.organization_id
         WHERE m.user_id = p_user_id AND m.is_active AND o.is_active
         ORDER BY m.created_at DESC, m.id
         LIMIT 1
    );
END
$$;

-- May this user see this client's data? Never null: an unknown user or client is `false`.
CREATE OR REPLACE FUNCTION public.validate_client_access(p_user_id uuid, p_client_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY INVOKER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT
          FROM public.user_organizations AS m
          JOIN public.organizations AS o ON o.id = m.organization_id
         WHERE m.user_id = p_user_id AND m.organization_id = p_client_id AND m.is_active AND o.is_active
    );
END
$$;

-- One row per table and kind of problem; no rows mean that the data is whole. It errors, and does not answer, where row
-- security would hide rows from whoever asks. Memberships are not looked at: until the cutover the old application goes on
-- creating users without one, and the sweep in the freeze is what gives it to them.
CREATE OR REPLACE FUNCTION public.validate_client_data_integrity()
    RETURNS TABLE (table_name text, problem text, row_count bigint)
    LANGUAGE plpgsql STABLE SECURITY INVOKER
    SET search_path = pg_catalog, pg_temp
    SET row_security = off
AS $$
DECLARE
    data_table text;
BEGIN
    FOREACH data_table IN ARRAY ARRAY['users', 'uploads', 'sellout_entries2', 'products',
                                      'processing_logs', 'transform_logs', 'email_logs']
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %1$L::text, ''client_id is null'', count(*) FROM public.%1$I WHERE client_id IS NULL HAVING count(*) > 0',
            data_table);
        RETURN QUERY EXECUTE format(
            'SELECT %1$L::text, ''client_id refers to no organisation'', count(*) FROM public.%1$I AS t
              WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.organizations AS o WHERE o.id = t.client_id)
             HAVING count(*) > 0',
            data_table);
    END LOOP;
    RETURN QUERY
        SELECT 'organizations', 'there is not exactly one default-org', count(*) FROM public.organizations
         WHERE slug = 'default-org'
        HAVING count(*) <> 1;
END
$$;

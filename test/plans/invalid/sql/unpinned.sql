CREATE OR REPLACE FUNCTION public.tenant_of(p_user uuid) RETURNS uuid LANGUAGE sql SECURITY DEFINER AS $$
    -- SET search_path = pg_catalog would have to stand outside of the body
    SELECT client_id FROM users WHERE id = p_user
$$;

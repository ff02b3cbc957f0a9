CREATE FUNCTION public.validate_client_data_integrity() RETURNS TABLE (problem text)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$ SELECT 'client_id is null' FROM public.users WHERE client_id IS NULL $$;

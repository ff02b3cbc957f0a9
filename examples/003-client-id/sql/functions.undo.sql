DROP FUNCTION IF EXISTS public.validate_client_data_integrity();
DROP FUNCTION IF EXISTS public.validate_client_access(uuid, uuid);
DROP FUNCTION IF EXISTS public.get_user_organization_id(uuid);

DROP FUNCTION public.tenant_of(uuid);

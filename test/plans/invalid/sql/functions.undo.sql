DROP FUNCTION public.validate_client_data_integrity();

BEGIN;
COMMENT ON TABLE public.users IS 'people';
COMMIT;

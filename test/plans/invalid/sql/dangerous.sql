CREATE FUNCTION public.validate_client_data_integrity() RETURNS integer LANGUAGE sql SET search_path = pg_catalog AS 'select 1';
DROP TABLE public.uploads;
TRUNCATE public.users CASCADE;
VACUUM FULL public.users;
CREATE INDEX users_email ON public.users (email);
CREATE INDEX CONCURRENTLY users_email ON public.users (email);
ALTER TABLE public.users ALTER COLUMN email TYPE varchar(10);
ALTER TABLE public.users ADD CONSTRAINT positive CHECK (id IS NOT NULL);
UPDATE public.users SET email = lower(email);
DO $$ BEGIN DELETE FROM public.users; END $$;
SET ROLE owner;
INSERT INTO public.users (email) VALUES ('a;b');
-- DROP TABLE in a comment and 'DROP TABLE' in a text are harmless:
COMMENT ON TABLE public.users IS 'DROP TABLE; TRUNCATE';

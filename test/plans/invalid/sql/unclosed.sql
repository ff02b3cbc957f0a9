COMMENT ON TABLE public.users IS 'no end;
DROP TABLE public.users;

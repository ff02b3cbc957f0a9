INSERT INTO public.app_settings (key, value) VALUES ('tenancy', 'off') ON CONFLICT DO NOTHING;

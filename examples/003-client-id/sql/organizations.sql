-- Runbook 003, "Creates New Tables": word for word.
-- The application's role gets SELECT, INSERT, UPDATE and DELETE by owner's default privileges, as on every new table.
CREATE TABLE public.organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    slug text NOT NULL UNIQUE,
    settings jsonb DEFAULT '{}',
    is_active boolean DEFAULT true,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

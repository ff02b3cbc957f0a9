-- phase_1_multitenant_schema.sql: Phase 1, Multi-Tenant Security Migration, as runbook 003 describes it and a team would
-- have written it down. It is NOT what this project runs: it is here, flaws included, to be run by a test that shows them.
-- "Transactional execution (all-or-nothing)".

BEGIN;

-- Migration log ---------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS public.migration_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    phase text NOT NULL,
    operation text NOT NULL,
    status text NOT NULL,
    details jsonb DEFAULT '{}',
    created_at timestamp with time zone DEFAULT now()
);

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'migration', 'started');

-- 1. Creates New Tables -------------------------------------------------------------------------------------------------

CREATE TABLE public.organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE,
    slug text NOT NULL UNIQUE,
    settings jsonb DEFAULT '{}',
    is_active boolean DEFAULT true,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

CREATE TABLE public.user_organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL REFERENCES organizations(id),
    role text NOT NULL DEFAULT 'member',
    is_active boolean DEFAULT true,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now()
);

INSERT INTO public.organizations (name, slug) VALUES ('Default Organization', 'default-org');

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'create_tables', 'completed');

-- 2. Adds client_id Columns ---------------------------------------------------------------------------------------------

ALTER TABLE public.users ADD COLUMN client_id uuid;
ALTER TABLE public.uploads ADD COLUMN client_id uuid;
ALTER TABLE public.sellout_entries2 ADD COLUMN client_id uuid;
ALTER TABLE public.products ADD COLUMN client_id uuid;
ALTER TABLE public.processing_logs ADD COLUMN client_id uuid;
ALTER TABLE public.transform_logs ADD COLUMN client_id uuid;
ALTER TABLE public.email_logs ADD COLUMN client_id uuid;

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'add_client_id_columns', 'completed');

-- Data Migration Strategy: all existing records are assigned to the default organization --------------------------------

UPDATE public.users SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.uploads SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.sellout_entries2 SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.products SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.processing_logs SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.transform_logs SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');
UPDATE public.email_logs SET client_id = (SELECT id FROM public.organizations WHERE slug = 'default-org');

INSERT INTO public.user_organizations (user_id, organization_id)
SELECT users.id, organizations.id FROM public.users, public.organizations WHERE organizations.slug = 'default-org';

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'backfill_client_id', 'completed');

-- 3. Creates Performance Indexes ("example indexes") --------------------------------------------------------------------

CREATE INDEX idx_uploads_client_created_at ON uploads(client_id, created_at DESC);
CREATE INDEX idx_sellout_entries2_client_year_month ON sellout_entries2(client_id, year, month);
CREATE INDEX idx_products_client_ean ON products(client_id, ean);

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'create_indexes', 'completed');

-- 4. Provides Utility Functions -----------------------------------------------------------------------------------------

CREATE FUNCTION public.get_user_organization_id(user_uuid uuid) RETURNS uuid
    LANGUAGE sql SECURITY DEFINER
AS $$
    SELECT organization_id FROM user_organizations WHERE user_id = user_uuid AND is_active = true LIMIT 1;
$$;

CREATE FUNCTION public.validate_client_access(user_uuid uuid, client_uuid uuid) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER
AS $$
    SELECT EXISTS (
        SELECT 1 FROM user_organizations
         WHERE user_id = user_uuid AND organization_id = client_uuid AND is_active = true
    );
$$;

CREATE FUNCTION public.validate_client_data_integrity()
    RETURNS TABLE (table_name text, total_records bigint, null_client_ids bigint, is_valid boolean)
    LANGUAGE sql SECURITY DEFINER
AS $$
    SELECT 'users', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL) FROM users
    UNION ALL
    SELECT 'uploads', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL) FROM uploads
    UNION ALL
    SELECT 'sellout_entries2', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL)
      FROM sellout_entries2
    UNION ALL
    SELECT 'products', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL) FROM products
    UNION ALL
    SELECT 'processing_logs', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL)
      FROM processing_logs
    UNION ALL
    SELECT 'transform_logs', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL)
      FROM transform_logs
    UNION ALL
    SELECT 'email_logs', count(*), count(*) FILTER (WHERE client_id IS NULL), bool_and(client_id IS NOT NULL)
      FROM email_logs;
$$;

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'create_functions', 'completed');
INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'migration', 'completed');

COMMIT;

-- phase_1_rollback.sql: "Complete rollback script (DESTRUCTIVE)" of runbook 003, literally: the four steps of its
-- "Rollback Process", in their order. All client_id values and all organization relationships are lost. IRREVERSIBLE.

BEGIN;

-- 1. Drop all utility functions
DROP FUNCTION IF EXISTS public.validate_client_data_integrity();
DROP FUNCTION IF EXISTS public.validate_client_access(uuid, uuid);
DROP FUNCTION IF EXISTS public.get_user_organization_id(uuid);

-- 2. Remove all new indexes
DROP INDEX IF EXISTS public.idx_uploads_client_created_at;
DROP INDEX IF EXISTS public.idx_sellout_entries2_client_year_month;
DROP INDEX IF EXISTS public.idx_products_client_ean;

-- 3. Drop client_id columns (DATA LOSS)
ALTER TABLE public.users DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.uploads DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.sellout_entries2 DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.products DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.processing_logs DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.transform_logs DROP COLUMN IF EXISTS client_id;
ALTER TABLE public.email_logs DROP COLUMN IF EXISTS client_id;

-- 4. Drop organization tables (DATA LOSS)
DROP TABLE IF EXISTS public.user_organizations;
DROP TABLE IF EXISTS public.organizations;

INSERT INTO public.migration_log (phase, operation, status) VALUES ('phase_1', 'rollback', 'completed');

COMMIT;

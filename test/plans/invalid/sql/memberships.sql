CREATE TABLE IF NOT EXISTS public.user_organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL, -- UNIQUE (user_id, organization_id), REFERENCES users
    organization_id uuid NOT NULL REFERENCES organizations(id)
);

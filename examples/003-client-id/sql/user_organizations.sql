-- Runbook 003, "Creates New Tables": word for word, and the two things it forgot (trap T3.4): user_id refers to users,
-- and a user is a member of an organisation once. A user whom the old application deletes takes the membership along:
-- without ON DELETE CASCADE its DELETE, which works today, would be refused from the day of the expand phase.
-- The application's role gets its rights by owner's default privileges, as on every new table.
CREATE TABLE public.user_organizations (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    organization_id uuid NOT NULL REFERENCES public.organizations (id),
    role text NOT NULL DEFAULT 'member',
    is_active boolean DEFAULT true,
    created_at timestamp with time zone DEFAULT now(),
    updated_at timestamp with time zone DEFAULT now(),
    CONSTRAINT user_organizations_user_organization_key UNIQUE (user_id, organization_id)
);

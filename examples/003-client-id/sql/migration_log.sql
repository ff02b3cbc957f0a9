-- The table of runbook 003, "Migration Logs". status: started, completed, failed or rolled_back.
-- A failure is written on a connection of its own: in the runbook's one big transaction it would vanish with the rollback.
CREATE TABLE public.migration_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phase text NOT NULL,
    operation text NOT NULL,
    status text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    created_at timestamp with time zone NOT NULL DEFAULT now()
);

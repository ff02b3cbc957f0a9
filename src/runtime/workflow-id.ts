/** One run of a plan on a home target at a time: Temporal itself refuses a second with this id. */
export function workflowIdFor(home: string, plan: string): string {
  return `${PREFIX}${home}/${plan}`;
}

/** The home target and the plan that an id names; undefined for another program's workflow. */
export function parseWorkflowId(id: string): { readonly home: string; readonly plan: string } | undefined {
  const match = /^cutover\/([^/]+)\/([^/]+)$/.exec(id);
  return match?.[1] && match[2] ? { home: match[1], plan: match[2] } : undefined;
}

const PREFIX = 'cutover/';

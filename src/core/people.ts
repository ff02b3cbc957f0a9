/** Who may decide. The file lies on the worker; workflows and plans carry only what an activity read from it. */
export interface People {
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Digest of the whole file: part of the material evidence of every gate. */
  readonly digest: string;
  /** `claimed`: a name is what the sender says. Reports and status carry the banner UNSIGNED. */
  readonly mode: 'claimed';
}

export function rolesOf(people: People, person: string): readonly string[] {
  return Object.hasOwn(people.roles, person) ? (people.roles[person] ?? []) : [];
}

export function peopleWith(people: People, role: string): readonly string[] {
  return Object.keys(people.roles)
    .filter((name) => rolesOf(people, name).includes(role))
    .sort();
}

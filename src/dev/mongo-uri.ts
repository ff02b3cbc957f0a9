/** What changes from one connection string of a server to another. */
export interface MongoLogin {
  readonly user: string;
  readonly password: string;
  /** The database in the path. */
  readonly database: string;
  /** The database that knows the user. */
  readonly authSource: string;
}

interface Parts {
  readonly scheme: string;
  readonly password: string;
  /** One or several, with commas: not a URL as node:url reads them. */
  readonly hosts: string;
  readonly options: URLSearchParams;
}

/** The same servers and options, with another user and database. */
export function mongoUri(base: string, login: MongoLogin): string {
  const { scheme, hosts, options } = partsOf(base);
  options.set('authSource', login.authSource);
  const who = `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}`;
  return `${scheme}://${who}@${hosts}/${encodeURIComponent(login.database)}?${options.toString()}`;
}

/** The same user, another database in the path. The user is still looked up where it was. */
export function withMongoDatabase(uri: string, database: string): string {
  const { user, password, path, options } = partsOf(uri);
  const authSource = options.get('authSource') ?? (path === '' ? 'admin' : path);
  return mongoUri(uri, { user, password, database, authSource });
}

/** The password, decoded; empty when there is none. */
export function mongoPassword(uri: string): string {
  return partsOf(uri).password;
}

/** The database in the path, decoded; empty when there is none. */
export function mongoDatabase(uri: string): string {
  return partsOf(uri).path;
}

function partsOf(uri: string): Parts & { readonly user: string; readonly path: string } {
  const found = /^(mongodb(?:\+srv)?):\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri);
  const [, scheme = '', login = '', hosts = '', path = '', options = ''] = found ?? [];
  if (scheme === '') throw new Error('This is no MongoDB connection string; it begins with mongodb://.');
  const [user = '', ...password] = login.split(':');
  return {
    scheme,
    user: decodeURIComponent(user),
    password: decodeURIComponent(password.join(':')),
    hosts,
    path: decodeURIComponent(path),
    options: new URLSearchParams(options),
  };
}

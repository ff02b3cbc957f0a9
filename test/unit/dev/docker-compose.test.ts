import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SEARCH_ATTRIBUTES } from '../../../src/core/search-attributes';
import { projectRoot } from '../../../src/dev/project-root';
import { TEMPORAL_VERSION } from '../../../src/dev/temporal-binary';

const Service = z.strictObject({
  image: z.string(),
  command: z.array(z.string()),
  ports: z.array(z.string()),
  volumes: z.array(z.string()),
  healthcheck: z.strictObject({
    test: z.array(z.string()),
    interval: z.string(),
    timeout: z.string(),
    retries: z.number(),
  }),
  environment: z.record(z.string(), z.string()).optional(),
  user: z.string().optional(),
});
const Compose = z.strictObject({
  name: z.string(),
  services: z.strictObject({ temporal: Service, postgres: Service, mongodb: Service }),
  volumes: z.record(z.string(), z.null()),
});

const compose = Compose.parse(parse(readFileSync(join(projectRoot(), 'docker-compose.yml'), 'utf8')));
const services = Object.entries(compose.services);

describe('docker-compose.yml', () => {
  it.each(services)('pins the image of %s to a full version', (_name, service) => {
    expect(service.image).toMatch(/^[a-z/]+:\d+\.\d+(\.\d+)?$/);
  });

  it.each(services)('opens the ports of %s to this machine only', (_name, service) => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it.each(services)('keeps the data of %s in a named volume that is declared', (_name, service) => {
    for (const volume of service.volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  });

  it('registers every search attribute that the workflow sets, on the Temporal version that tools/temporal builds', () => {
    const { command, image } = compose.services.temporal;
    expect(image).toBe(`temporalio/temporal:${TEMPORAL_VERSION}`);
    for (const { name } of SEARCH_ATTRIBUTES) expect(command).toContain(`--search-attribute=${name}=Keyword`);
  });

  it('runs MongoDB as a replica set that its health check initiates', () => {
    const { command, healthcheck } = compose.services.mongodb;
    expect(command).toEqual(expect.arrayContaining(['--replSet', 'rs0']));
    expect(healthcheck.test.at(-1)).toContain("rs.initiate({ _id: 'rs0'");
  });

  it('lets nobody into MongoDB unasked, and keeps its password out of command lines', () => {
    const { command, environment = {}, healthcheck } = compose.services.mongodb;
    expect(command).toContain('--keyFile');
    expect(environment.MONGO_INITDB_ROOT_USERNAME).toBe('root');
    expect([...command, ...healthcheck.test].join(' ')).not.toMatch(/cutover-local-only|CUTOVER_MONGODB_PASSWORD/);
  });
});

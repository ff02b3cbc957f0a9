import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/**
 * The house's one-way doors: core <- plan, report <- runtime <- cli; workflows import core and only types of activities;
 * drivers stay at the edge. A broken rule here is a broken design, not a matter of taste.
 */
const DRIVERS = ['pg', 'mongodb', 'pino', 'node:child_process', 'child_process'];
const TEMPORAL_OUTSIDE = ['@temporalio/worker', '@temporalio/client', '@temporalio/activity', '@temporalio/testing'];

const only = (message, { paths = [], patterns = [] }) => ({
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      paths: paths.map((name) => ({ name, message, allowTypeImports: true })),
      patterns: patterns.map((regex) => ({ regex, message, allowTypeImports: true })),
    },
  ],
});

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**', 'coverage/**', 'bench-results/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: fileURLToPath(new URL('.', import.meta.url)) },
    },
    settings: { 'import-x/resolver': { typescript: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: only(
      'src/core is workflow-safe: plain data in, plain data out; it imports only itself, @noble/hashes and @temporalio/common.',
      {
        paths: [...DRIVERS, ...TEMPORAL_OUTSIDE, '@temporalio/workflow'],
        patterns: ['^node:', '^\\.\\./(plan|report|runtime|cli|dev)/', '^\\.\\./\\.\\./'],
      },
    ),
  },
  {
    files: ['src/plan/**/*.ts', 'src/report/**/*.ts'],
    rules: only('plan and report import core only.', {
      paths: [...DRIVERS, ...TEMPORAL_OUTSIDE, '@temporalio/workflow'],
      patterns: ['^\\.\\./(runtime|cli|dev)/', '^\\.\\./\\.\\./(?!core/)'],
    }),
  },
  {
    files: ['activities/**/*.ts'],
    rules: only('activities import core and drivers; the worker hands them what it knows.', {
      paths: ['@temporalio/worker', '@temporalio/client', '@temporalio/workflow'],
      patterns: ['/src/(plan|report|runtime|cli|dev)/', '/workflows/'],
    }),
  },
  {
    files: ['workflows/**/*.ts'],
    rules: only('workflows are deterministic: core, @temporalio/workflow, and types of activities.', {
      paths: [...DRIVERS, ...TEMPORAL_OUTSIDE],
      patterns: ['^node:', '/activities/', '/src/(plan|report|runtime|cli|dev)/'],
    }),
  },
  {
    files: ['src/runtime/**/*.ts'],
    rules: only('runtime does not know the CLI, the development environment or drivers of databases.', {
      paths: ['pg', 'mongodb'],
      patterns: ['^\\.\\./(cli|dev|report)/'],
    }),
  },
  {
    files: ['src/cli/**/*.ts'],
    rules: only('the CLI reaches no database and no workflow code but its messages.', {
      paths: ['pg', 'mongodb'],
      patterns: ['/workflows/(?!messages)'],
    }),
  },
  { files: ['test/**/*.ts'], rules: { 'max-lines': 'off' } },
  { files: ['test/support/global-*.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['activities/**/*.ts', 'src/**/*.ts', 'workflows/**/*.ts'],
    ignores: [
      'src/runtime/config.ts',
      'src/runtime/temporal-settings.ts',
      'src/cli/**',
      'src/dev/**',
      'activities/**/child.ts',
      'activities/**/tools.ts',
      'activities/**/find-program.ts',
      'activities/command/command-environment.ts',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'The environment is read in src/runtime/config.ts.' },
      ],
    },
  },
);

import tseslint from 'typescript-eslint';

/** What the pure packages may not reach for: time, randomness and the outside world come in as parameters. */
const IMPURE_GLOBALS = [
  'process',
  'Buffer',
  'fetch',
  'WebSocket',
  'EventSource',
  'XMLHttpRequest',
  'localStorage',
  'indexedDB',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'crypto',
];

const CLOCKS = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Time is a parameter.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is a parameter.' },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Randomness is the port’s.' },
];

export default tseslint.config(
  { ignores: ['**/dist/**', 'dist-packages/**', 'reports/**', 'coverage/**', '.stryker-tmp/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'max-params': ['error', 4],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers and booleans read well in a sentence.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `bytes[i] as number` in a loop that has checked its bounds is the one narrowing we allow.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // A function of the port may be asynchronous without awaiting: its contract is a promise.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/triple-slash-reference': ['error', { path: 'always', types: 'never', lib: 'never' }],
      // A loop that waits for an event says `while (true)`.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['protocol/src/**/*.ts', 'client/src/**/*.ts', 'relay/src/**/*.ts'],
    rules: { 'no-console': 'error', 'no-restricted-syntax': ['error', CLOCKS[2]] },
  },
  {
    files: ['protocol/src/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:', message: 'The protocol is pure.' }] }],
      'no-restricted-syntax': ['error', ...CLOCKS],
    },
  },
  {
    files: ['protocol/src/primitives/*.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['protocol/src/primitives/node.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // node:test returns promises that the runner itself awaits; tests reach for shapes the product never does.
    files: ['**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'it', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'max-params': 'off',
    },
  },
  {
    // Plain JavaScript: entry points and tool configuration, outside the type-checked project.
    files: ['**/*.js'],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' },
  },
);

import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "**/gen/**",
      "**/.tsbuild/**",
      "**/dist/**",
      ".test-output/**",
      ".runtime/**",
      ".interpose/**",
      "test-output/**",
    ],
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // describe() and it() of node:test answer promises that the runner itself waits for.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["describe", "it", "test", "suite"] },
          ],
        },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Everything here is made of closures; no method relies on `this`.
      "@typescript-eslint/unbound-method": "off",
      // Promise<void> of arrow functions is ended by `void` on purpose.
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/use-unknown-in-catch-callback-variable": "off",
      eqeqeq: "error",
      "no-console": "error",
    },
  },
  {
    files: ["packages/{caller,engine,protocol,server}/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "AssignmentExpression[left.type='MemberExpression'][right.type=/^(Arrow)?FunctionExpression$/]",
          message:
            "V8 makes a function that is written where a property is set old from the start, and with it all that it closes over. Give it a name first (docs/decisions/0037).",
        },
      ],
    },
  },
  {
    files: ["packages/console/src/**"],
    extends: [reactHooks.configs.flat.recommended],
  },
  {
    // Tests reach into JSON of every shape, and an assertion says what is expected of it.
    files: ["**/*.test.ts", "**/test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/restrict-template-expressions": "off",
    },
  },
);

import js from "@eslint/js";

export default [
  { ignores: ["build/", "node_modules/", "**/.*"] },
  js.configs.recommended,
  {
    rules: {
      "no-undef": "off", // tsc knows the names
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", caughtErrors: "none" }],
      "array-callback-return": "error",
      "default-case-last": "error",
      eqeqeq: "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implicit-coercion": "off",
      "no-new-func": "error",
      "no-self-compare": "off", // v !== v: NaN
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "off",
    },
  },
];

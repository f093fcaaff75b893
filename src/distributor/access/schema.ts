/**
 * What access policies are about, as a Cedar schema. `schemas/access.cedarschema` is this text, for editors. A policy that does not
 * fit it is not loaded.
 */
export const ACCESS_SCHEMA = `// A unit of the organisation, such as Unit::"production/web". It lies in the units above it.
entity Unit in [Unit];

// An account of accounts.yaml, such as Account::"111111111111", in its unit. Its labels are its tags.
entity Account in [Unit] {
  name: String,
} tags String;

// An image by its name, such as Image::"nginx": all of its versions are in it.
entity Image;

// One version, such as Version::"nginx@3". The labels of its spec are its tags.
entity Version in [Image] {
  number: Long,
  release: String,
  architecture: String,
  // Whole days since it was made.
  ageDays: Long,
  // It booted, and every test of its spec passed.
  testsPassed: Bool,
  // Names of the tests that passed, those that accounts' policies ask for among them.
  tests: Set<String>,
  // Every enforced rule of every pack that holds for all copies is met, as the policies stand now.
  packsPassed: Bool,
  // Names of the packs that passed, such as "baseline".
  packs: Set<String>,
  // Known: advisories were at hand. Worst: "none", "low", "medium", "high" or "critical".
  vulnerabilities: {
    known: Bool,
    worst: String,
    critical: Long,
    high: Long,
    medium: Long,
    low: Long,
  },
} tags String;

// launch: start machines of it. share: be given the grant. copy: read its snapshot, so make copies that no revoke reaches.
action launch, share, copy appliesTo {
  principal: [Account, Unit],
  resource: [Version],
  context: {
    // Where the copy is that it is about; "local" on one machine.
    region: String,
    // That copy is encrypted with a key of ours.
    encrypted: Bool,
  },
};
`;

/** File name by which the policies that stand for nobody's own are told. */
export const DEFAULT_NAME = 'access.cedar (default)';

/** In force where nobody wrote an access policy; `examples/policies/access.cedar` is this text. */
export const DEFAULT_ACCESS = `// Who may have an image. An account gets it when the image's spec names it (or its unit), accounts.yaml lists it, a permit here
// fits and no forbid does. Without a permit the answer is no. docs/access.md explains what can be asked.

// Approved accounts, once every test has passed and every enforced policy holds.
@id("approved-accounts")
permit (
  principal,
  action in [Action::"launch", Action::"share"],
  resource
)
when { resource.testsPassed && resource.packsPassed };

// "copy" is permitted to nobody: copies in other hands outlive a recall.
`;

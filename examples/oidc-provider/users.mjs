// The people who can log in. In memory: a provider of yours has a database for them.
const users = new Map([
  ["1001", { name: "Ada Lovelace", email: "ada@example.com", org: { id: "1", name: "Analytical Engines" } }],
  ["1002", { name: "Charles Babbage", email: "charles@example.com", org: { id: "1", name: "Analytical Engines" } }],
]);

export function findUser(id) {
  return users.get(id);
}

/** The id of who has an e-mail address. No password: it's an example. */
export function login(email) {
  return [...users].find(([, user]) => user.email === email)?.[0];
}

const metadata = new Map();

/** What is known of a user beyond their name: texts by key. */
export function metadataOf(id) {
  return metadata.get(id) ?? new Map();
}

/** Keeps a text under a key. A key that has a space in it is none. */
export function setMetadata(id, key, text) {
  if (/\s/.test(key)) throw new Error(`"${key}" is no key`);
  metadata.set(id, new Map([...metadataOf(id), [key, text]]));
}

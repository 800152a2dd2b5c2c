// Uses the service by the types that openapi-typescript has generated: node use.js URL KEY. It does not compile where
// the document has no type for a body, and prints a line of JSON for each response.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Body<Path extends keyof paths, Method extends keyof paths[Path], Status extends number> =
  paths[Path][Method] extends { responses: Record<Status, { content: { "application/json": infer Content } }> }
    ? Content
    : never;

const [, , url, key] = process.argv;
const client = createClient<paths>({ baseUrl: url ?? "", headers: { Authorization: `Bearer ${key}` } });

function print(status: number, ...values: (string | number | null)[]): void {
  console.log(JSON.stringify([status, ...values]));
}

const profile: components["schemas"]["Profile"] = { age: 24, hobbies: ["value_1"], budget_range: "medium" };

const stored = await client.PUT("/users/{user_id}/profile", {
  params: { path: { user_id: "typescript" } },
  body: profile,
});
const created: Body<"/users/{user_id}/profile", "put", 201> | undefined = stored.data;
print(stored.response.status, created?.revision ?? null, created?.persona?.id ?? null);

const read = await client.GET("/users/{user_id}/persona", { params: { path: { user_id: "typescript" } } });
print(read.response.status, read.data?.user_id ?? null, read.data?.persona?.id ?? null);

const missing = await client.GET("/users/{user_id}/persona", { params: { path: { user_id: "nobody" } } });
const problem: components["schemas"]["Problem"] | undefined = missing.error;
print(missing.response.status, problem?.type ?? null);

const batch = await client.POST("/segment/batch", { body: { profiles: [profile, {}] } });
print(batch.response.status, ...(batch.data?.items ?? []).map((item) => item.status));

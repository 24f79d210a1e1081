import assert from "node:assert/strict";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import { cleanUp } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { temporaryDirectory } from "../../../../test/harness/server.ts";
import {
  NO_DESCRIPTORS,
  watchDescriptors,
  type DescriptorSource,
  type DescriptorWatch,
  type Descriptors,
  type MethodChanges,
  type WatchOptions,
} from "./index.ts";
import { startGrpcJs, startReflection } from "../../../../test/descriptors/servers.ts";

describe("watchDescriptors() on a file", () => {
  it("loads a file again when it changed, and says which methods came and vanished", async (t) => {
    const path = join(await temporaryDirectory(t), "set.binpb");
    await writeFile(path, setOf({ Shop: ["Get", "Put"] }));
    const { watch, changed } = await start(t, { kind: "path", path });
    assert.deepEqual(methodsOf(watch.current()), ["/Shop/Get", "/Shop/Put"]);

    await writeFile(path, setOf({ Shop: ["Get", "List"] }));
    assert.deepEqual(await changed(1), { came: ["/Shop/List"], vanished: ["/Shop/Put"] });
    assert.deepEqual(methodsOf(watch.current()), ["/Shop/Get", "/Shop/List"]);
  });

  it("sees a file that is replaced, as editors and deployments do", async (t) => {
    const folder = await temporaryDirectory(t);
    const path = join(folder, "set.binpb");
    await writeFile(path, setOf({ Shop: ["Get"] }));
    const { changed } = await start(t, { kind: "path", path });
    await writeFile(join(folder, "next"), setOf({ Shop: ["Put"] }));
    await rename(join(folder, "next"), path);
    assert.deepEqual(await changed(1), { came: ["/Shop/Put"], vanished: ["/Shop/Get"] });
  });

  it("keeps what it has while the file is gone, and takes the one that comes", async (t) => {
    const path = join(await temporaryDirectory(t), "set.binpb");
    await writeFile(path, setOf({ Shop: ["Get"] }));
    const { watch, changed, failures } = await start(t, { kind: "path", path });
    await rm(path);
    await eventually("the failure is told", () => failures.length > 0);
    assert.match(failures[0]?.message ?? "", /there is no such file or folder/);
    assert.deepEqual(methodsOf(watch.current()), ["/Shop/Get"]);
    await writeFile(path, setOf({ Shop: ["Put"] }));
    await changed(1);
    assert.equal(watch.failure(), undefined);
    assert.equal(failures.length, 1);
  });

  it("does not speak of a file that was written again with the same content", async (t) => {
    const path = join(await temporaryDirectory(t), "set.binpb");
    await writeFile(path, setOf({ Shop: ["Get"] }));
    const { watch, changed, all } = await start(t, { kind: "path", path });
    const before = watch.current();
    await writeFile(path, setOf({ Shop: ["Get"] }));
    assert.equal(await watch.reload(), undefined);
    assert.equal(watch.current(), before);
    await writeFile(path, setOf({ Shop: ["Put"] }));
    await changed(1);
    assert.equal(all.length, 1);
  });
});

describe("watchDescriptors() on a folder", () => {
  const proto = (body: string): string => `syntax = "proto3"; message A {} service Shop { ${body} }`;
  const rpc = (name: string): string => `rpc ${name}(A) returns (A);`;

  it("keeps what it has while a file is broken, and goes on when it is mended", async (t) => {
    const path = await temporaryDirectory(t);
    await writeFile(join(path, "shop.proto"), proto(rpc("Get")));
    const { watch, changed, failures } = await start(t, { kind: "path", path });

    await writeFile(join(path, "shop.proto"), proto("rpc Put(A) returns (Nothing);"));
    await eventually("the failure is told", () => failures.length > 0);
    assert.equal(failures[0]?.reason, "descriptors_invalid");
    assert.match(failures[0].message, /shop\.proto:1:52: there is no "Nothing"/);
    assert.equal(watch.failure(), failures[0]);
    assert.deepEqual(methodsOf(watch.current()), ["/Shop/Get"]);

    await writeFile(join(path, "shop.proto"), proto(rpc("Put")));
    assert.deepEqual(await changed(1), { came: ["/Shop/Put"], vanished: ["/Shop/Get"] });
    assert.equal(watch.failure(), undefined);
    assert.equal(failures.length, 1);
  });

  it("sees files that come and go, in folders of their own", async (t) => {
    const path = await temporaryDirectory(t);
    await writeFile(join(path, "shop.proto"), proto(rpc("Get")));
    const { changed } = await start(t, { kind: "path", path });
    await mkdir(join(path, "cart"));
    await writeFile(
      join(path, "cart", "cart.proto"),
      'syntax = "proto3"; message C {} service Cart { rpc Add(C) returns (C); }',
    );
    assert.deepEqual(await changed(1), { came: ["/Cart/Add"], vanished: [] });
    await rm(join(path, "shop.proto"));
    assert.deepEqual(await changed(2), { came: [], vanished: ["/Shop/Get"] });
  });

  it("sees a mounted folder whose link is turned to another", async (t) => {
    const path = await temporaryDirectory(t);
    for (const [folder, name] of [
      ["..1", "Get"],
      ["..2", "Put"],
    ] as const) {
      await mkdir(join(path, folder));
      await writeFile(join(path, folder, "shop.proto"), proto(rpc(name)));
    }
    await symlink("..1", join(path, "..data"));
    await symlink("..data/shop.proto", join(path, "shop.proto"));
    const { changed } = await start(t, { kind: "path", path });
    await symlink("..2", join(path, "..next"));
    await rename(join(path, "..next"), join(path, "..data"));
    assert.deepEqual(await changed(1), { came: ["/Shop/Put"], vanished: ["/Shop/Get"] });
  });
});

describe("watchDescriptors() on a server", () => {
  it("keeps what it has while the server is away, and takes what it comes back with", async (t) => {
    const first = await startGrpcJs(t, ["acme/cart/v1/cart.proto"]);
    const { watch, changed, failures } = await start(t, { kind: "reflection", url: first.url, timeoutMs: 5_000 });
    assert.equal(methodsOf(watch.current()).length, 3);

    await first.stop();
    await eventually("the failure is told", () => failures.length > 0);
    assert.equal(failures[0]?.reason, "descriptors_unavailable");
    assert.equal(methodsOf(watch.current()).length, 3);

    await startGrpcJs(t, ["grpc/health/v1/health.proto"], Number(new URL(first.url).port));
    const { came, vanished } = await changed(1);
    assert.ok(came.includes("/grpc.health.v1.Health/Check"), came.join());
    assert.deepEqual(vanished, ["/acme.cart.v1.Cart/Clear", "/acme.cart.v1.Cart/GetItem", "/acme.cart.v1.Cart/Watch"]);
    assert.equal(watch.failure(), undefined);
  });

  it("asks again when it is told to, one after the other", async (t) => {
    const first = await startGrpcJs(t, ["acme/cart/v1/cart.proto"]);
    const { watch, all } = await start(t, { kind: "reflection", url: first.url }, { intervalMs: 3_600_000 });
    assert.deepEqual(await Promise.all([watch.reload(), watch.reload()]), [undefined, undefined]);
    await first.stop();
    const failure = await watch.reload();
    assert.ok(failure instanceof InterposeError);
    assert.match(failure.message, /ECONNREFUSED/);
    await startGrpcJs(t, ["grpc/health/v1/health.proto"], Number(new URL(first.url).port));
    assert.equal(await watch.reload(), undefined);
    assert.equal(all.length, 1);
  });

  it("gives up what is under way when it is stopped, and leaves no timer", async (t) => {
    let asked = 0;
    const { url } = await startReflection(t, async () => {
      asked++;
      return new Promise<never>(() => undefined);
    });
    const timers = timerCount();
    const { watch, failures } = await start(
      t,
      { kind: "reflection", url, timeoutMs: 300 },
      { mayBeginEmpty: true, intervalMs: 20 },
    );
    assert.match(failures[0]?.message ?? "", /did not answer within 300 ms/);
    await eventually("it is asked again", () => asked > 1);
    await watch.stop();
    assert.equal(failures.length, 1, "being stopped is no failure");
    assert.ok(timerCount() <= timers, "a timer is left");
  });
});

describe("watchDescriptors() at the beginning", () => {
  it("throws when nothing can be loaded", async () => {
    await assert.rejects(
      watchDescriptors({ kind: "path", path: "/no/such/folder" }, { onChange: ignore, onFailure: ignore }),
      /there is no such file or folder/,
    );
  });

  it("may begin with nothing, and takes what comes", async (t) => {
    const path = join(await temporaryDirectory(t), "set.binpb");
    const { watch, changed, failures } = await start(t, { kind: "path", path }, { mayBeginEmpty: true });
    assert.equal(watch.current(), NO_DESCRIPTORS);
    assert.equal(failures.length, 1);
    await writeFile(path, setOf({ Shop: ["Get"] }));
    assert.deepEqual(await changed(1), { came: ["/Shop/Get"], vanished: [] });
  });
});

const ignore = (): void => undefined;

interface Started {
  readonly watch: DescriptorWatch;
  readonly all: readonly MethodChanges[];
  readonly failures: readonly InterposeError[];
  /** Waits for the change with this number, from 1. */
  changed(number: number): Promise<MethodChanges>;
}

async function start(t: TestContext, source: DescriptorSource, options: Partial<WatchOptions> = {}): Promise<Started> {
  const all: MethodChanges[] = [];
  const failures: InterposeError[] = [];
  const watch = await watchDescriptors(source, {
    intervalMs: 20,
    onChange: ({ methods }) => void all.push(methods),
    onFailure: (error) => void failures.push(error),
    ...options,
  });
  cleanUp(t, () => watch.stop());
  return { watch, all, failures, changed: (number) => eventually(`change ${number}`, () => all[number - 1]) };
}

/** A set of one file with services and their methods. */
function setOf(services: Readonly<Record<string, readonly string[]>>): Uint8Array {
  const service = Object.entries(services).map(([name, methods]) => ({
    name,
    method: methods.map((method) => ({ name: method, inputType: ".A", outputType: ".A" })),
  }));
  const file = [{ name: "a.proto", syntax: "proto3", messageType: [{ name: "A" }], service }];
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file }));
}

function methodsOf({ services }: Descriptors): readonly string[] {
  return services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`));
}

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

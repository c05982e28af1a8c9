import type { Facts } from "./facts.ts";

/**
 * An in-toto Statement v1 with a SLSA v1 provenance predicate: subjects are the model's files, resolved dependencies the
 * datasets it came from, byproducts the records that prove it. It is unsigned; the record's own chain is signed.
 */
export function provenance({ asset, manifest, data, run, training, evaluation, fairness, importance, lineage }: Facts) {
  const upstream = new Map(
    lineage.flatMap(({ from }) =>
      from.kind === "model" ? [] : [[`${from.name}@${from.version ?? ""}`, from] as const],
    ),
  );
  const materials = [...upstream.values()].map(({ kind, name, version, hash }) => ({
    uri: `ml://${kind}s/${encodeURIComponent(version === null ? name : `${name}@${version}`)}`,
    ...(hash === null ? {} : { digest: { sha256: hash } }),
  }));
  const own = {
    uri: `ml://datasets/${encodeURIComponent(manifest.dataset)}`,
    digest: { sha256: manifest.dataset_hash },
  };
  const known = materials.some(({ uri }) => uri === own.uri);
  const records = [training, evaluation?.event, fairness?.event, importance?.event].flatMap((event) =>
    event ? [event] : [],
  );
  return {
    _type: "https://in-toto.io/Statement/v1",
    subject: Object.entries(manifest.files).map(([file, sha256]) => ({
      name: `${asset.ref}/${file}`,
      digest: { sha256 },
    })),
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "urn:ml-engine:train:v1",
        externalParameters: {
          tool: training?.tool ?? run?.tool ?? null,
          parameters: training?.body.params ?? null,
          target: manifest.target,
          task: manifest.task,
        },
        internalParameters: {
          family: manifest.family,
          params: manifest.params,
          seed: manifest.seed,
          environment: manifest.environment,
        },
        resolvedDependencies: [
          ...(known ? [] : [own]),
          ...materials,
          ...(data && data.manifest.hash !== manifest.dataset_hash
            ? [
                {
                  uri: "urn:ml-engine:warning",
                  annotations: { warning: "The dataset registered under this name has another hash." },
                },
              ]
            : []),
        ],
      },
      runDetails: {
        builder: { id: "urn:ml-engine", version: { "ml-engine": manifest.environment["ml-engine"] ?? "unknown" } },
        metadata: {
          invocationId: run?.id ?? manifest.run_id,
          ...(run ? { startedOn: run.started } : {}),
          ...(run?.ended ? { finishedOn: run.ended } : {}),
        },
        byproducts: records.map(({ seq, tool, hash }) => ({
          name: `event ${seq} (${tool})`,
          uri: `ml://events#${seq}`,
          digest: { sha256: hash },
        })),
      },
    },
  };
}

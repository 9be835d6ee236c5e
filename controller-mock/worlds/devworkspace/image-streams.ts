/** What a push to the internal registry of an OpenShift cluster leaves in the API: a tag of the image stream of that name. */
import { items } from '../../builtins/fields.ts';
import { hostOf, isInternal } from './registry.ts';
import { RESOURCES, type WorldObjects } from './world-objects.ts';

export function recordPush(objects: WorldObjects, image: string): void {
  const host = hostOf(image);
  if (!isInternal(host)) return;
  const [namespace = '', last = ''] = image.split('/').slice(-2);
  const [name = '', tag = 'latest'] = last.split(':');
  const created = objects.now();
  objects.amend(RESOURCES.imageStreams, namespace, name, (live) => {
    const status = (live.status ?? {}) as Record<string, unknown>;
    const tags = items(status, 'tags').filter((entry) => entry.tag !== tag);
    return {
      status: {
        ...status,
        dockerImageRepository: `${host}/${namespace}/${name}`,
        tags: [...tags, { tag, items: [{ created, dockerImageReference: image, generation: 1, image: image }] }],
      },
    };
  });
}

import type { MessageTable } from './message-table.ts';

export const STORAGE_V1: MessageTable = {
  definitions: 'io.k8s.api.storage.v1',
  messages: {
    CSIDriver: 'metadata 1 meta.ObjectMeta; spec 2 CSIDriverSpec !',
    CSIDriverSpec: `
      attachRequired 1 *bool; podInfoOnMount 2 *bool; volumeLifecycleModes 3 []string set; storageCapacity 4 *bool;
      fsGroupPolicy 5 *string; tokenRequests 6 []TokenRequest; requiresRepublish 7 *bool; seLinuxMount 8 *bool`,
    CSINode: 'metadata 1 meta.ObjectMeta; spec 2 CSINodeSpec !',
    CSINodeDriver: 'name 1 string !; nodeID 2 string !; topologyKeys 3 []string; allocatable 4 *VolumeNodeResources',
    CSINodeSpec: 'drivers 1 []CSINodeDriver ! map=name patch=merge:name',
    CSIStorageCapacity: `
      metadata 1 meta.ObjectMeta; nodeTopology 2 *meta.LabelSelector; storageClassName 3 string !;
      capacity 4 *Quantity; maximumVolumeSize 5 *Quantity`,
    StorageClass: `
      metadata 1 meta.ObjectMeta; provisioner 2 string !; parameters 3 {}string; reclaimPolicy 4 *string;
      mountOptions 5 []string; allowVolumeExpansion 6 *bool; volumeBindingMode 7 *string;
      allowedTopologies 8 []core.TopologySelectorTerm`,
    TokenRequest: 'audience 1 string !; expirationSeconds 2 *int64',
    VolumeAttachment: 'metadata 1 meta.ObjectMeta; spec 2 VolumeAttachmentSpec !; status 3 VolumeAttachmentStatus',
    VolumeAttachmentSource: 'persistentVolumeName 1 *string; inlineVolumeSpec 2 *core.PersistentVolumeSpec',
    VolumeAttachmentSpec: 'attacher 1 string !; source 2 VolumeAttachmentSource !; nodeName 3 string !',
    VolumeAttachmentStatus: `
      attached 1 bool =; attachmentMetadata 2 {}string; attachError 3 *VolumeError; detachError 4 *VolumeError`,
    VolumeError: 'time 1 Time; message 2',
    VolumeNodeResources: 'count 1 *int32',
  },
};

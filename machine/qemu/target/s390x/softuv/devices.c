/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refuses devices that would reach secure storage without asking.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qmp/qdict.h"
#include "qemu/error-report.h"
#include "cpu.h"
#include "hw/qdev-core.h"
#include "softuv-int.h"

/*
 * Devices on these buses access storage by themselves. Below a transport of
 * virtio is another bus, whose device does what its transport lets it.
 */
static const char *const buses[] = {
    "virtual-css-bus", "PCI", "s390-pcibus", "ap-bus",
};

/* Those that ask, see the hook 0006-dma. */
static const char *const asking[] = {
    "virtio-blk-ccw", "virtio-crypto-ccw", "virtio-keyboard-ccw",
    "virtio-mouse-ccw", "virtio-net-ccw", "virtio-rng-ccw", "virtio-scsi-ccw",
    "virtio-serial-ccw", "virtio-tablet-ccw", "x-terminal3270",
};

static bool is_listed(const char *name, const char *const *list, size_t nr)
{
    size_t i;

    for (i = 0; i < nr; i++) {
        if (!strcmp(name, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_refused(ObjectClass *oc, Error **errp)
{
    const char *name = object_class_get_name(oc);
    const char *bus = DEVICE_CLASS(oc)->bus_type;

    if (!bus || !is_listed(bus, buses, ARRAY_SIZE(buses)) ||
        is_listed(name, asking, ARRAY_SIZE(asking))) {
        return false;
    }
    error_setg(errp, "%s: device %s cannot be had: it would reach secure "
               "storage without asking", TYPE_S390_SOFTUV, name);
    return true;
}

/* Comes before a device is made, by -device or by device_add. */
static bool before_device(DeviceListener *listener, const QDict *opts,
                          bool from_json, Error **errp)
{
    const char *driver = opts ? qdict_get_try_str(opts, "driver") : NULL;
    ObjectClass *oc = driver ? module_object_class_by_name(driver) : NULL;

    if (driver && !oc) {
        /* an alias: it stands for the device of the channel subsystem */
        g_autofree char *name = g_strconcat(driver, "-ccw", NULL);

        oc = module_object_class_by_name(name);
    }
    if (oc && object_class_dynamic_cast(oc, TYPE_DEVICE)) {
        is_refused(oc, errp);
    }
    return false;
}

static DeviceListener listener = {
    .hide_device = before_device,
};

void s390_softuv_watch_devices(void)
{
    device_listener_register(&listener);
}

static int check_device(Object *obj, void *unused)
{
    Error *err = NULL;

    if (object_dynamic_cast(obj, TYPE_DEVICE) &&
        is_refused(object_get_class(obj), &err)) {
        error_report_err(err);
        exit(1);
    }
    return 0;
}

void s390_softuv_check_devices(void)
{
    object_child_foreach_recursive(object_get_root(), check_device, NULL);
}

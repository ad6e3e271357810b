namespace Relay.Torture.DiskFaults;

/// <summary>One file after a power loss, made of what was durable of it and of what is known of its pages.</summary>
internal static class DurableFile
{
    private const int Page = 4096;
    private const int Header = 8;
    private const byte Clean = 0;
    private const byte Dirty = 1;

    /// <summary>Gives a file what is found of it; its pages are clean from here on.</summary>
    /// <param name="file">The file as its process saw it.</param>
    /// <param name="durable">What was durable of it.</param>
    /// <param name="pages">How its pages were.</param>
    /// <param name="loss">What became of those that were not durable.</param>
    /// <param name="random">Draws it.</param>
    public static void Find(string file, string durable, string pages, PowerLoss loss, Random random)
    {
        using (var disk = new FileStream(durable, FileMode.Open, FileAccess.ReadWrite))
        {
            if (loss != PowerLoss.Old)
            {
                Spoil(disk, file, File.ReadAllBytes(pages).AsSpan(Header), loss, random);
            }
        }

        File.Delete(pages);
        if (new FileInfo(durable).Length == 0)
        {
            // Its name may be on the disk; whether it is makes no difference to SQLite.
            File.Delete(file);
            return;
        }

        File.Copy(durable, file, overwrite: true);
    }

    private static void Spoil(FileStream disk, string file, ReadOnlySpan<byte> pages, PowerLoss loss, Random random)
    {
        using var live = File.Exists(file) ? File.OpenRead(file) : null;
        var (old, written) = (new byte[Page], new byte[Page]);
        for (var page = 0; page < pages.Length; page++)
        {
            var at = (long)page * Page;
            if (pages[page] == Clean || live is null || at >= disk.Length || at >= live.Length)
            {
                continue;
            }

            disk.Position = live.Position = at;
            var count = disk.ReadAtLeast(old, Page, throwOnEndOfStream: false);
            count = live.ReadAtLeast(written.AsSpan(0, count), count, throwOnEndOfStream: false);
            if (loss == PowerLoss.Torn)
            {
                // What a write leaves as it is cannot be lost by it, as SQLite has it (sqlite.org/psow.html): of a page that only grew,
                // the beginning stays.
                for (var octet = 0; octet < count; octet++)
                {
                    old[octet] = old[octet] == written[octet] ? old[octet] : (byte)0;
                }
            }
            else if (pages[page] == Dirty && random.Next(2) == 0)
            {
                written.AsSpan(0, count).CopyTo(old);
            }

            disk.Position = at;
            disk.Write(old, 0, count);
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Relay.Torture;

/// <summary>A file system of its own for the relay's data, small enough to be filled. Only root can make one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private string Ballast => Path.Combine(_path, "ballast");

    private SmallDisk(string path) => _path = path;

    /// <summary>Mounts one at a path. Null, with the reason, when that cannot be done.</summary>
    public static SmallDisk? TryMount(string path, long octets, out string reason)
    {
        Directory.CreateDirectory(path);
        return Run("mount", out reason, "-t", "tmpfs", "-o", Size(octets), "tmpfs", path) ? new SmallDisk(path) : null;
    }

    /// <summary>Takes every octet that is left, as another program's files would.</summary>
    public void Fill()
    {
        using var ballast = File.Create(Ballast, 1);
        var piece = new byte[65_536];
        try
        {
            while (true)
            {
                ballast.Write(piece);
                ballast.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose() => Run("umount", out _, "--lazy", _path);

    private static string Size(long octets) => string.Create(CultureInfo.InvariantCulture, $"size={octets}");

    private static bool Run(string program, out string output, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        output = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

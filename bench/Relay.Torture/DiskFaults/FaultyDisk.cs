using System.Diagnostics;
using System.Globalization;

namespace Relay.Torture.DiskFaults;

/// <summary>
/// A disk under the relay's data that fails when told to, and that can lose its power. It is a library (<c>disk-faults.c</c>, which says
/// what is modelled) that the relay's process loads before the system's own; faults begin and end while the process runs.
/// </summary>
public sealed class FaultyDisk
{
    private const int InputOutputError = 5;
    private const string Source = "disk-faults.c";

    private readonly string _control;
    private readonly string _data;

    private FaultyDisk(string control, string data, string library)
    {
        (_control, _data) = (control, data);
        Environment = new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = library,
            ["DISK_FAULTS"] = control,
            ["DISK_FAULTS_BELOW"] = data,
        };
        Directory.CreateDirectory(Path.Combine(control, "durable"));
        Directory.CreateDirectory(Path.Combine(control, "pages"));
    }

    /// <summary>What the relay's process needs in its environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Builds the library. Null, with the reason, where there is no C compiler.</summary>
    /// <param name="directory">An empty directory, where the library and the state of the disk go.</param>
    /// <param name="data">The directory of the files, absolute; a process finds it under this name.</param>
    /// <param name="reason">What the compiler said.</param>
    public static FaultyDisk? TryBuild(string directory, string data, out string reason)
    {
        Directory.CreateDirectory(directory);
        var source = Path.Combine(directory, Source);
        using (var text = typeof(FaultyDisk).Assembly.GetManifestResourceStream(Source)!)
        using (var file = File.Create(source))
        {
            text.CopyTo(file);
        }

        var library = Path.Combine(directory, "disk-faults.so");
        var start = new ProcessStartInfo("cc", ["-O2", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"])
        {
            RedirectStandardError = true,
        };
        try
        {
            using var compiler = Process.Start(start)!;
            reason = compiler.StandardError.ReadToEnd().Trim();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? new FaultyDisk(directory, data, library) : null;
        }
        catch (System.ComponentModel.Win32Exception absent)
        {
            reason = $"the C compiler cannot be run: {absent.Message}";
            return null;
        }
    }

    /// <summary>Begins a fault.</summary>
    /// <param name="call">What fails.</param>
    /// <param name="file">The end of the names of the files that are met; <c>*</c> for all.</param>
    /// <param name="isOnce">The fault ends with the first call that it met.</param>
    /// <param name="error">The error's number.</param>
    public void Fail(DiskCall call, string file, bool isOnce = false, int error = InputOutputError)
    {
        // Written aside first: the library must not read half a line.
        var flag = FlagOf(call);
        File.WriteAllText(flag + ".new", string.Create(CultureInfo.InvariantCulture, $"{file} {error} {(isOnce ? 1 : 0)}\n"));
        File.Move(flag + ".new", flag, overwrite: true);
    }

    /// <summary>A fault of this kind is still to be met, or goes on.</summary>
    public bool IsFailing(DiskCall call) => File.Exists(FlagOf(call));

    /// <summary>Ends every fault.</summary>
    public void Mend()
    {
        foreach (var call in Enum.GetValues<DiskCall>())
        {
            File.Delete(FlagOf(call));
        }
    }

    /// <summary>
    /// The power is lost: gives the data directory what the disk has. The process must have been killed. Files of which
    /// nothing is durable are gone.
    /// </summary>
    public void LosePower(PowerLoss loss, Random random)
    {
        Mend();
        foreach (var index in Directory.GetFiles(_data, "*-shm"))
        {
            File.Delete(index);
        }

        foreach (var pages in Directory.GetFiles(Path.Combine(_control, "pages")))
        {
            var name = Path.GetFileName(pages);
            DurableFile.Find(Path.Combine(_data, name), Path.Combine(_control, "durable", name), pages, loss, random);
        }
    }

    private string FlagOf(DiskCall call) => Path.Combine(_control, call switch
    {
        DiskCall.Sync => "fsync",
        DiskCall.Write => "write",
        DiskCall.Read => "read",
        _ => throw new UnreachableException(),
    });
}

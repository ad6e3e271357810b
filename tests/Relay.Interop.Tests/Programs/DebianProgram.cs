using System.Diagnostics;

namespace Relay.Interop.Tests.Programs;

/// <summary>A program of a Debian package that the tests run.</summary>
/// <param name="Path">Where the package puts it.</param>
/// <param name="Package">The package.</param>
internal sealed record DebianProgram(string Path, string Package)
{
    public static DebianProgram Postfix { get; } = new("/usr/sbin/postfix", "postfix");

    public static DebianProgram Swaks { get; } = new("/usr/bin/swaks", "swaks");

    /// <summary>TLS for swaks, which only recommends it.</summary>
    public static DebianProgram NetSsleay { get; } = new("/usr/share/doc/libnet-ssleay-perl", "libnet-ssleay-perl");

    public static DebianProgram Nsd { get; } = new("/usr/sbin/nsd", "nsd");

    public static DebianProgram DkimPython { get; } = new("/usr/lib/python3/dist-packages/dkim/__init__.py", "python3-dkim");

    public static DebianProgram DkimPerl { get; } = new("/usr/share/perl5/Mail/DKIM/Verifier.pm", "libmail-dkim-perl");

    public static DebianProgram JsonSchema { get; } = new("/usr/lib/python3/dist-packages/jsonschema/__init__.py", "python3-jsonschema");

    public static DebianProgram Nginx { get; } = new("/usr/sbin/nginx", "nginx-light");

    public static DebianProgram Systemd { get; } = new("/lib/systemd/systemd", "systemd");

    public static DebianProgram SystemdAnalyze { get; } = new("/usr/bin/systemd-analyze", "systemd");

    public static DebianProgram Curl { get; } = new("/usr/bin/curl", "curl");

    /// <summary>Why tests that need these programs cannot run here; null when they can.</summary>
    public static string? WhyMissing(params DebianProgram[] programs)
    {
        var missing = programs.Where(program => !System.IO.Path.Exists(program.Path)).Select(program => program.Package).ToList();
        if (missing.Count > 0)
        {
            return $"Not installed: apt-get install {string.Join(' ', missing)}";
        }

        // Postfix' master changes users, and so has to start as root.
        return programs.Contains(Postfix) && !Environment.IsPrivilegedProcess ? "Postfix starts only as root." : null;
    }

    /// <summary>Runs a program to its end: its exit code and all that it wrote.</summary>
    public static async Task<(int ExitCode, byte[] Output, string Error)> RunAsync(
        string path, IEnumerable<string> arguments, byte[] input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            using var output = new MemoryStream();
            var copied = process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken);
            process.StandardInput.Close();
            await Task.WhenAll(copied, error, process.WaitForExitAsync(cancellationToken));
            return (process.ExitCode, output.ToArray(), await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}

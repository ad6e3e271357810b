using System.Runtime.InteropServices;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>
/// The processor time of the calling thread (clock_gettime(2)): what a case costs does not depend on who else wants the
/// processor.
/// </summary>
internal static class ThreadClock
{
    private static readonly int ThreadCpuTime = OperatingSystem.IsMacOS() ? 16 : 3;

    public static TimeSpan Now
    {
        get
        {
            var status = GetTime(ThreadCpuTime, out var time);
            Assert.Equal(0, status);
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        }
    }

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out TimeOfClock time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeOfClock(nint Seconds, nint Nanoseconds);
}
